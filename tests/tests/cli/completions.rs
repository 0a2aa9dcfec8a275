//! Completions and man page.

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use tests::{run, tracer};

/// What a program says about a text on its standard input; `None` where the program is not there.
fn judged(program: &mut Command, text: &str) -> Option<(bool, String)> {
    let program = program.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = program.spawn().ok()?;
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    Some((output.status.success(), String::from_utf8_lossy(&said).into_owned()))
}

#[test]
fn the_completions_for_bash_are_a_script_that_completes() {
    let script = run(tracer().args(["completions", "bash"])).expect(0).stdout;
    let test = format!(
        "{script}
        COMP_WORDS=(tracer --hist) COMP_CWORD=1
        _tracer tracer --hist tracer
        echo \"${{COMPREPLY[@]}}\""
    );
    let (success, said) = judged(&mut Command::new("bash"), &test).unwrap();
    assert!(success, "{said}");
    assert_eq!(said.trim(), "--histograms");
}

#[test]
fn every_other_shell_gets_completions_of_its_own_kind() {
    for (shell, words) in [
        ("zsh", ["#compdef tracer", "--ring-size"]),
        ("fish", ["complete -c tracer", "ring-size"]),
        ("elvish", ["edit:completion", "--ring-size"]),
        ("powershell", ["Register-ArgumentCompleter", "--ring-size"]),
    ] {
        let script = run(tracer().args(["completions", shell])).expect(0).stdout;
        for word in words {
            assert!(script.contains(word), "{shell}: no `{word}`");
        }
        // Where the shell is installed, it has a say.
        if let Some((success, said)) = judged(Command::new(shell).arg("-n"), &script) {
            assert!(success, "{shell}: {said}");
        }
    }
    run(tracer().args(["completions", "ksh"])).expect(2).complains_of("possible values: bash");
}

#[test]
fn the_man_page_is_one() {
    let page = run(tracer().arg("man")).expect(0).stdout;
    for line in [".TH tracer 1", ".SH SYNOPSIS", ".SH \"EXIT STATUS\"", ".SH EXAMPLES"] {
        assert!(page.contains(line), "no `{line}` in:\n{page}");
    }
    // Where there is a formatter, it has nothing to complain about.
    let mut formatter = Command::new("groff");
    formatter.args(["-man", "-ww", "-K", "utf8", "-T", "utf8", "-P", "-cbou"]);
    if let Some((success, said)) = judged(&mut formatter, &page) {
        assert!(success && !said.contains("warning"), "{said}");
        assert!(said.contains("--histograms"), "{said}");
    }
}
