//! The environment that the user had before sudo made its own.

use std::{collections::BTreeMap, ffi::OsStr, ffi::OsString, os::unix::ffi::OsStrExt as _};

use nix::unistd::User;
use procfs::process::Process;

/// Variables by name.
pub(super) type Variables = BTreeMap<OsString, OsString>;

/// The environment of the user who called sudo: our own, except for what sudo itself set in it, and
/// with what sudo left out of it.
pub(super) fn restored(own: Variables, users: Variables) -> Variables {
    let mut restored = users;
    restored.extend(own.into_iter().filter(|(name, _)| !is_sudos(name)));
    restored
}

/// Our own environment without sudo's notes, made to fit an account where it names the person.
pub(super) fn fitted(mut own: Variables, account: Option<&User>) -> Variables {
    own.retain(|name, _| !name.as_bytes().starts_with(b"SUDO_"));
    if let Some(account) = account {
        own.remove(OsStr::new("MAIL"));
        own.extend([
            ("HOME".into(), account.dir.clone().into()),
            ("LOGNAME".into(), account.name.clone().into()),
            ("SHELL".into(), account.shell.clone().into()),
            ("USER".into(), account.name.clone().into()),
        ]);
    }
    own
}

/// Whether sudo gives this variable a value of its own.
fn is_sudos(name: &OsStr) -> bool {
    ["HOME", "LOGNAME", "MAIL", "PATH", "SHELL", "USER"].iter().any(|sudos| name == *sudos)
        || name.as_bytes().starts_with(b"SUDO_")
}

/// The environment that sudo was called in. Sudo waits for what it runs, so its process is among
/// our ancestors, with its own environment as the user had it.
pub(super) fn of_sudo() -> Option<Variables> {
    let mut sudo = None;
    let mut process = Process::myself().ok()?;
    // Shells may be in between, and with a terminal of its own there are two of sudo's processes:
    // the outermost is the one that the user started.
    while let Ok(stat) = process.stat() {
        let parent = Process::new(stat.ppid);
        if stat.comm == "sudo" {
            sudo = Some(process);
        }
        let Ok(parent) = parent else { break };
        process = parent;
    }
    Some(sudo?.environ().ok()?.into_iter().collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(list: &[(&str, &str)]) -> Variables {
        list.iter().map(|(name, value)| (name.into(), value.into())).collect()
    }

    #[test]
    fn what_sudo_set_is_as_the_user_had_it() {
        let own = variables(&[
            ("HOME", "/root"),
            ("PATH", "/usr/sbin:/usr/bin"),
            ("SUDO_UID", "1000"),
            ("USER", "root"),
        ]);
        let users = variables(&[
            ("HOME", "/home/ann"),
            ("PATH", "/home/ann/venv/bin:/usr/bin"),
            ("SUDO_EDITOR", "vi"),
            ("USER", "ann"),
        ]);
        assert_eq!(restored(own, users.clone()), users);
    }

    #[test]
    fn what_sudo_left_out_comes_back_and_what_was_set_for_us_wins() {
        let own = variables(&[("LANG", "C"), ("OMP_NUM_THREADS", "1"), ("PATH", "/bin")]);
        let users = variables(&[("LANG", "de_DE"), ("PATH", "/bin"), ("VIRTUAL_ENV", "/v")]);
        let expected = variables(&[
            ("LANG", "C"),
            ("OMP_NUM_THREADS", "1"),
            ("PATH", "/bin"),
            ("VIRTUAL_ENV", "/v"),
        ]);
        assert_eq!(restored(own, users), expected);
    }

    #[test]
    fn what_only_sudo_set_goes() {
        let own = variables(&[("MAIL", "/var/mail/root"), ("SUDO_COMMAND", "tracer")]);
        assert_eq!(restored(own, Variables::new()), Variables::new());
    }

    #[test]
    fn an_account_names_the_person_and_leaves_the_rest() {
        let own = variables(&[
            ("HOME", "/root"),
            ("MAIL", "/var/mail/root"),
            ("PATH", "/bin"),
            ("SUDO_USER", "ann"),
            ("TERM", "xterm"),
        ]);
        let account = User::from_uid(nix::unistd::Uid::from_raw(0)).unwrap().unwrap();
        let fitted = fitted(own.clone(), Some(&account));
        assert_eq!(fitted[OsStr::new("HOME")], account.dir.as_os_str());
        assert_eq!(fitted[OsStr::new("USER")], account.name.as_str());
        assert_eq!(fitted[OsStr::new("LOGNAME")], account.name.as_str());
        assert_eq!(fitted[OsStr::new("SHELL")], account.shell.as_os_str());
        assert_eq!(fitted[OsStr::new("PATH")], "/bin");
        assert_eq!(fitted[OsStr::new("TERM")], "xterm");
        assert_eq!(fitted.len(), 6);
        assert_eq!(super::fitted(own, None)[OsStr::new("HOME")], "/root");
    }
}
