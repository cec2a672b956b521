//! The servers that tests start, each on a port of its own: that they are there.

use std::process::{Command, Stdio};

use crate::{Failure, Outcome, run};

/// The program, and the package of Debian that has it.
const SERVERS: [(&str, &str); 2] = [("redis-server", "redis-server"), ("memcached", "memcached")];

/// Installs those that are missing, where that is known how; else says what to install.
pub(crate) fn install() -> Outcome {
    let missing: Vec<&str> = SERVERS
        .into_iter()
        .filter(|(program, _)| !is_there(program))
        .map(|(_, package)| package)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    eprintln!("  {} missing: tests start such servers", missing.join(", "));
    if !is_there("apt-get") {
        return Err(by_hand(&missing));
    }
    let root = Command::new("id").arg("-u").output()?.stdout == b"0\n";
    if !root && !is_there("sudo") {
        return Err(by_hand(&missing));
    }
    let apt = |arguments: &[&str]| {
        let mut command = Command::new(if root { "env" } else { "sudo" });
        command.args((!root).then_some("env"));
        command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-y"]);
        command.args(arguments);
        command
    };
    run(apt(&["update"]))?;
    let mut install = apt(&["install", "--no-install-recommends"]);
    // The packages start a server of the machine's, which nobody asked for.
    install.args(["-o", "Dpkg::Options::=--force-confold"]);
    install.args(&missing).env("RUNLEVEL", "1");
    run(install)?;
    match SERVERS.into_iter().find(|(program, _)| !is_there(program)) {
        Some((_, package)) => Err(by_hand(&[package])),
        None => Ok(()),
    }
}

fn by_hand(missing: &[&str]) -> Failure {
    Failure::new(format!(
        "the tests start servers of their own, and can't do without them: install {}",
        missing.join(" and ")
    ))
}

fn is_there(program: &str) -> bool {
    let mut command = Command::new(program);
    let command = command.arg("--version");
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null());
    quiet.stderr(Stdio::null()).status().is_ok()
}
