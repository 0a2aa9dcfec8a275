//! A terminal of a chosen width, with somebody who reads it.

use std::{
    fs::File,
    io::{Read as _, Write as _},
    process::Command,
    sync::{Arc, Mutex},
    thread::{self, JoinHandle},
};

use nix::pty::{Winsize, openpty};

use crate::Running;

/// A process whose terminal this is.
#[derive(Debug)]
pub struct Terminal {
    /// The process.
    pub running: Running,
    keys: File,
    screen: Arc<Mutex<Vec<u8>>>,
    reader: JoinHandle<()>,
}

impl Terminal {
    /// Starts a command with a new terminal as its standard input and output, and as what its
    /// Ctrl-C comes from. Standard error is kept apart, and so no terminal.
    #[track_caller]
    pub fn start(command: &Command, columns: u16) -> Self {
        let size = Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        let pty = openpty(Some(&size), None).unwrap();
        let terminal = File::from(pty.slave);
        // setsid(1) becomes the command, so the process id stays.
        let mut leader = Command::new("setsid");
        leader.arg("--ctty").arg(command.get_program()).args(command.get_args());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => leader.env(name, value),
                None => leader.env_remove(name),
            };
        }
        leader.stdin(terminal.try_clone().unwrap()).stdout(terminal);
        let running = Running::spawn(&mut leader, tempfile::tempfile().unwrap());
        drop(leader); // with our copies of the terminal's end: when the last goes, the screen ends
        let keys = File::from(pty.master);
        let screen = Arc::default();
        let reader = read_to_end(keys.try_clone().unwrap(), Arc::clone(&screen));
        Self { running, keys, screen, reader }
    }

    /// Presses keys.
    #[track_caller]
    pub fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
    }

    /// Waits until there is a word on the screen.
    #[track_caller]
    pub fn wait_for(&mut self, word: &str) {
        let Self { running, screen, .. } = self;
        running.wait_until(&format!("`{word}` is on the screen"), |_| {
            text(screen).contains(word).then_some(())
        });
    }

    /// Waits for the end of all that has the terminal open, and gives the status of the process and
    /// what was on the screen.
    #[track_caller]
    pub fn finish(mut self) -> (i32, String) {
        let code = self.running.finish().code();
        self.reader.join().unwrap();
        (code, text(&self.screen))
    }
}

fn text(screen: &Mutex<Vec<u8>>) -> String {
    String::from_utf8_lossy(&screen.lock().unwrap()).replace("\r\n", "\n")
}

/// A terminal that nobody has open any more ends with an error.
fn read_to_end(mut terminal: File, screen: Arc<Mutex<Vec<u8>>>) -> JoinHandle<()> {
    thread::spawn(move || {
        let mut part = [0; 4096];
        while let Ok(length @ 1..) = terminal.read(&mut part) {
            screen.lock().unwrap().extend_from_slice(&part[..length]);
        }
    })
}
