//! Runs the binary in a folder of its own, without the settings of whoever runs the tests.

use std::{
    env, fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::PathBuf,
    process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// Longer than anything here takes, so that a hang is a failure and not a wait for ever.
const PATIENCE: Duration = Duration::from_secs(30);

/// A current folder and a home for the binary.
pub(crate) struct Sandbox {
    pub(crate) folder: TempDir,
}

impl Sandbox {
    pub(crate) fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_liveloop"));
        for (name, _) in env::vars_os() {
            if name.to_str().is_none_or(|name| name.starts_with("LIVELOOP_")) {
                command.env_remove(name);
            }
        }
        command
            .args(args)
            .current_dir(self.folder.path())
            .env("HOME", self.folder.path())
            .env_remove("XDG_DATA_HOME")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Outcome {
        Outcome::of(self.command(args).output().unwrap())
    }

    /// Serves on a free port of this machine until it is stopped or dropped.
    pub(crate) fn serve(&self, args: &[&str]) -> Server {
        let mut all = vec!["serve", "--listen", "127.0.0.1:0"];
        all.extend(args);
        Server::start(&mut self.command(&all))
    }
}

/// What a run of the binary came to.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Outcome {
    pub(crate) fn of(output: Output) -> Self {
        Self {
            code: output.status.code().expect("it ends by itself"),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// A server that listens.
pub(crate) struct Server {
    child: Child,
    out: BufReader<ChildStdout>,
    lines: Receiver<String>,
    log: Vec<String>,
    pub(crate) announced: String,
}

impl Server {
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let err = BufReader::new(child.stderr.take().unwrap());
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || {
            err.lines().map_while(Result::ok).try_for_each(|line| sender.send(line))
        });
        let mut announced = String::new();
        out.read_line(&mut announced).unwrap();
        let mut server = Self { child, out, lines, log: Vec::new(), announced };
        if server.announced.is_empty() {
            panic!("it did not start: {}", server.rest_of_log());
        }
        server
    }

    pub(crate) fn address(&self) -> &str {
        let (scheme, address) = self.announced.trim().rsplit_once("://").unwrap();
        assert!(["listening on http", "listening on https"].contains(&scheme), "{scheme}");
        address
    }

    /// What it says of its health now.
    pub(crate) fn health(&self) -> String {
        let mut stream = TcpStream::connect(self.address()).unwrap();
        let head = "GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        stream.write_all(head.as_bytes()).unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).unwrap();
        response
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits until a line of the log holds this.
    pub(crate) fn wait_for_log(&mut self, part: &str) {
        loop {
            let line = self.lines.recv_timeout(PATIENCE).expect("the line is logged");
            let is_it = line.contains(part);
            self.log.push(line);
            if is_it {
                return;
            }
        }
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Waits for its end: its status, what else it printed, and its whole log.
    pub(crate) fn wait(mut self) -> (ExitStatus, String, String) {
        // Standard error ends with the process, so that a process that does not end is seen here.
        let log = self.rest_of_log();
        let mut rest = String::new();
        self.out.read_to_string(&mut rest).unwrap();
        (self.child.wait().unwrap(), rest, log)
    }

    pub(crate) fn stop(self) -> (ExitStatus, String, String) {
        self.signal(Signal::TERM);
        self.wait()
    }

    fn rest_of_log(&mut self) -> String {
        loop {
            match self.lines.recv_timeout(PATIENCE) {
                Ok(line) => self.log.push(line),
                Err(mpsc::RecvTimeoutError::Disconnected) => return self.log.join("\n"),
                Err(mpsc::RecvTimeoutError::Timeout) => panic!("it runs on: {:?}", self.log),
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
