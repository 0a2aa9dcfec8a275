//! Who the command runs as.

use std::{env, ffi::CString};

use nix::unistd::{Gid, Uid, User, geteuid, getgrouplist};

use super::{
    LaunchError,
    environment::{self, Variables},
};

/// A user other than the one who the tracer runs as.
#[derive(Debug)]
pub(super) struct Identity {
    pub(super) credentials: Credentials,
    /// The user's entry in the password file, if there is one.
    account: Option<User>,
    /// The one who called sudo.
    invoker: bool,
}

/// What the kernel knows a user by.
#[derive(Debug)]
pub(super) struct Credentials {
    pub(super) uid: Uid,
    pub(super) gid: Gid,
    pub(super) groups: Vec<Gid>,
}

impl Identity {
    /// The user named, else the one who called sudo; `None` if that is who we are.
    pub(super) fn for_command(user: Option<&str>) -> Result<Option<Self>, LaunchError> {
        let is_root = geteuid().is_root();
        match user {
            Some(name) => {
                let identity = Self::named(name)?;
                if identity.credentials.uid == geteuid() {
                    Ok(None)
                } else if is_root {
                    Ok(Some(identity))
                } else {
                    Err(LaunchError::User(format!(
                        "cannot run a command as user `{name}`: only root may; leave --user out, \
                         or run the tracer with sudo"
                    )))
                }
            }
            None if is_root => Self::of_invoker(|name| env::var(name).ok()),
            None => Ok(None),
        }
    }

    /// The environment of this user, made from the tracer's.
    pub(super) fn environment(&self, own: Variables) -> Variables {
        match self.invoker.then(environment::of_sudo).flatten() {
            Some(users) => environment::restored(own, users),
            None => environment::fitted(own, self.account.as_ref()),
        }
    }

    /// A user by name or number.
    fn named(name: &str) -> Result<Self, LaunchError> {
        let account = match User::from_name(name) {
            Ok(None) => name.parse().ok().and_then(|uid| account(Uid::from_raw(uid))),
            Ok(account) => account,
            Err(error) => {
                return Err(LaunchError::User(format!("cannot look up user `{name}`: {error}")));
            }
        };
        let account = account.ok_or_else(|| {
            LaunchError::User(format!("there is no user `{name}`: `getent passwd` lists them"))
        })?;
        Ok(Self::new(account.uid, account.gid, Some(account), false))
    }

    /// The one who called sudo, which leaves a note of it in two variables.
    fn of_invoker(variable: impl Fn(&str) -> Option<String>) -> Result<Option<Self>, LaunchError> {
        let Some(noted) = variable("SUDO_UID") else { return Ok(None) };
        let wrong = |name: &str, value: &str| {
            LaunchError::User(format!(
                "cannot tell who called sudo: {name} is `{value}`; name the user with --user"
            ))
        };
        let uid = Uid::from_raw(noted.parse().map_err(|_| wrong("SUDO_UID", &noted))?);
        if uid.is_root() {
            return Ok(None);
        }
        let account = account(uid);
        let gid = match (variable("SUDO_GID"), &account) {
            (Some(gid), _) => Gid::from_raw(gid.parse().map_err(|_| wrong("SUDO_GID", &gid))?),
            (None, Some(account)) => account.gid,
            (None, None) => return Err(wrong("SUDO_GID", "")),
        };
        Ok(Some(Self::new(uid, gid, account, true)))
    }

    fn new(uid: Uid, gid: Gid, account: Option<User>, invoker: bool) -> Self {
        let name = account.as_ref().and_then(|account| CString::new(account.name.as_str()).ok());
        let groups = name.and_then(|name| getgrouplist(&name, gid).ok());
        let groups = groups.unwrap_or_else(|| vec![gid]);
        Self { credentials: Credentials { uid, gid, groups }, account, invoker }
    }
}

fn account(uid: Uid) -> Option<User> {
    User::from_uid(uid).ok().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn invoker(uid: &str, gid: Option<&str>) -> Result<Option<Identity>, LaunchError> {
        Identity::of_invoker(|name| match name {
            "SUDO_UID" => Some(uid.to_owned()),
            "SUDO_GID" => gid.map(str::to_owned),
            _ => None,
        })
    }

    #[test]
    fn sudos_note_names_the_user_even_without_an_account() {
        let identity = invoker("54321", Some("54322")).unwrap().unwrap();
        assert_eq!(identity.credentials.uid.as_raw(), 54321);
        assert_eq!(identity.credentials.gid.as_raw(), 54322);
        assert_eq!(identity.credentials.groups, [Gid::from_raw(54322)]);
        assert!(identity.account.is_none());
    }

    #[test]
    fn without_a_note_and_for_root_there_is_no_one_to_become() {
        assert!(Identity::of_invoker(|_| None).unwrap().is_none());
        assert!(invoker("0", Some("0")).unwrap().is_none());
    }

    #[test]
    fn a_note_that_cannot_be_read_is_no_reason_to_stay_root() {
        for (uid, gid) in [("ann", None), ("-1", None), ("54321", Some("x")), ("54321", None)] {
            let error = invoker(uid, gid).unwrap_err().to_string();
            assert!(error.contains("--user"), "{error}");
        }
    }

    #[test]
    fn users_are_known_by_name_and_by_number() {
        assert!(Identity::named("root").unwrap().credentials.uid.is_root());
        assert!(Identity::named("0").unwrap().credentials.uid.is_root());
        let error = Identity::named("no-such-user").unwrap_err().to_string();
        assert!(error.starts_with("there is no user `no-such-user`"), "{error}");
    }
}
