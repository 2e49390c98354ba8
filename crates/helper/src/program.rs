//! Running a program. There is no shell anywhere.

use std::{io, path::Path, process::Stdio, time::Duration};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _},
    process::{Child, Command},
    time::timeout,
};

use crate::protocol::{CommandResult, Failure, FailureKind};

/// What is kept of what a program says on standard error.
const MAX_ERRORS: usize = 4 << 10;

/// A program to be run once.
pub(crate) struct Program<'a> {
    /// What people know it by.
    pub(crate) called: &'a str,
    pub(crate) path: &'a Path,
    pub(crate) arguments: Vec<String>,
    /// What it reads; nothing where this is empty.
    pub(crate) input: String,
    pub(crate) folder: &'a Path,
    pub(crate) seconds: u64,
    /// What is kept of its output, in bytes.
    pub(crate) output: usize,
}

impl Program<'_> {
    /// Runs it: an empty environment but for a path, a time limit, and a bounded output.
    ///
    /// # Errors
    /// It can't be started, or did not end in time.
    pub(crate) async fn run(self) -> Result<CommandResult, Failure> {
        let failed = |why: String| Failure::new(FailureKind::Failed, why);
        let mut child =
            self.start().map_err(|error| failed(format!("{} can't be run: {error}", self.path.display())))?;
        let group = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        let ended = timeout(Duration::from_secs(self.seconds), finish(&mut child, &self.input, self.output)).await;
        if let Some(group) = group {
            let _ = kill_process_group(group, Signal::KILL);
        }
        match ended {
            Ok(Ok(result)) => Ok(result),
            Ok(Err(error)) => Err(failed(format!("{} can't be waited for: {error}", self.path.display()))),
            Err(_) => Err(failed(format!("{:?} was ended after {} seconds", self.called, self.seconds))),
        }
    }

    fn start(&self) -> io::Result<Child> {
        let mut command = Command::new(self.path);
        command.args(&self.arguments).env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        command.stdin(if self.input.is_empty() { Stdio::null() } else { Stdio::piped() });
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).current_dir(self.folder);
        // A group of its own, so that what it has started ends with it.
        command.process_group(0).kill_on_drop(true).spawn()
    }
}

async fn finish(child: &mut Child, input: &str, limit: usize) -> io::Result<CommandResult> {
    let (stdin, output, errors) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let tell = async move {
        if let Some(mut stdin) = stdin {
            // Where it ends early, what it says is worth more than the broken pipe.
            let _ = stdin.write_all(input.as_bytes()).await;
        }
    };
    let (output, errors) = (read_beginning(output, limit), read_beginning(errors, MAX_ERRORS));
    let ((), (output, is_cut), (errors, _), status) = tokio::join!(tell, output, errors, child.wait());
    Ok(CommandResult { code: status?.code(), output, errors, is_cut })
}

/// The beginning of a stream, and whether there was more. All of it is read, so that the program never waits.
async fn read_beginning(stream: Option<impl AsyncRead + Unpin>, limit: usize) -> (String, bool) {
    let Some(mut stream) = stream else { return (String::new(), false) };
    let (mut kept, mut buffer, mut is_cut) = (Vec::new(), vec![0; 8 << 10], false);
    while let Ok(length @ 1..) = stream.read(&mut buffer).await {
        let room = limit.saturating_sub(kept.len()).min(length);
        kept.extend_from_slice(&buffer[..room]);
        is_cut |= room < length;
    }
    (String::from_utf8_lossy(&kept).into_owned(), is_cut)
}
