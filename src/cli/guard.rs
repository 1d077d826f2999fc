//! `takaza guard`: the leak guard over JSON lines, for whoever writes texts elsewhere.
//!
//! Whoever pipes a file through it must never read *pass* for a line that was not judged, nor lose
//! the lines after a bad one.

use std::io::{BufRead, Write};

use clap::Args;

use super::failure::{Failure, Outcome};
use crate::domain::leak_guard::lines::judge_line;

/// Judges texts on standard input: does one carry an identifier of a person or a case?
///
/// Reads JSON lines {"id","text"} and writes JSON lines {"id","verdict":"pass"|"refuse",
/// "findings":[{"kind","start","end"}]}. Start and end count Unicode code points of the text, from 0;
/// the end is one past the last. A line that is no such object is named on standard error, the rest
/// is judged, and the exit code is 2.
#[derive(Debug, Args)]
pub(super) struct Guard {}

impl Guard {
    #[expect(
        clippy::unused_self,
        reason = "called like every other command, and this one has no options"
    )]
    pub(super) fn run(self) -> Outcome {
        judge(std::io::stdin().lock(), std::io::stdout().lock(), &mut std::io::stderr(), verdict)
    }
}

/// The guard's verdict on one line, as JSON; an error names the line.
fn verdict(line: usize, json: &str) -> Result<String, String> {
    let verdict = judge_line(line, json).map_err(|error| error.to_string())?;
    serde_json::to_string(&verdict).map_err(|error| format!("line {line}: {error}"))
}

fn judge(
    input: impl BufRead,
    output: impl Write,
    errors: &mut impl Write,
    verdict: impl Fn(usize, &str) -> Result<String, String>,
) -> Outcome {
    let mut output = std::io::BufWriter::new(output);
    let mut bad = 0;
    for (n, line) in input.split(b'\n').enumerate() {
        let line = line.map_err(Failure::failed)?;
        let text = String::from_utf8(line)
            .map_err(|_| format!("line {}: not UTF-8; this line was not judged", n + 1));
        let text = match &text {
            // A file may begin with a byte order mark, and its first line be empty otherwise.
            Ok(text) if text.trim_start_matches('\u{FEFF}').trim().is_empty() => continue,
            Ok(text) => verdict(n + 1, text.trim_end_matches('\r')),
            Err(problem) => Err(problem.clone()),
        };
        let written = match text {
            Ok(json) => writeln!(output, "{json}"),
            Err(problem) => {
                bad += 1;
                // What was judged before stands before the error, for whoever reads both.
                let flushed = output.flush();
                let _ = writeln!(errors, "{problem}");
                flushed
            }
        };
        written.map_err(closed)?;
    }
    output.flush().map_err(closed)?;
    match bad {
        0 => Ok(()),
        1 => Err(Failure::usage("1 line was not judged")),
        n => Err(Failure::usage(format!("{n} lines were not judged"))),
    }
}

fn closed(error: std::io::Error) -> Failure {
    match error.kind() {
        std::io::ErrorKind::BrokenPipe => Failure::Closed,
        _ => Failure::failed(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bad_line_is_named_and_the_rest_is_judged() {
        let input: &[u8] = b"\xef\xbb\xbf\r\n{\"id\":1}\n\nnonsense\n\xff\n{\"id\":2}\r\n";
        let (mut output, mut errors) = (Vec::new(), Vec::new());
        let verdict = |line: usize, json: &str| match json.strip_prefix('{') {
            Some(_) => Ok(json.to_owned()),
            None => Err(format!("line {line}: not judged")),
        };
        let outcome = judge(input, &mut output, &mut errors, verdict);
        assert!(matches!(outcome, Err(Failure::Usage(_))), "the exit code is 2");
        let Err(Failure::Usage(said)) = outcome else { return };
        assert_eq!(said, "2 lines were not judged", "a byte order mark is no text");
        assert_eq!(String::from_utf8_lossy(&output), "{\"id\":1}\n{\"id\":2}\n");
        let errors = String::from_utf8_lossy(&errors);
        assert!(errors.contains("line 4") && errors.contains("line 5"), "{errors}");
    }
}
