//! Who calls: once by hand, and many times by `wrk`.

use std::{
    fs,
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    process::Command,
    time::Duration,
};

use anyhow::{Context, ensure};

use crate::LIMIT;

/// A call of the API.
#[derive(Clone)]
pub struct Call {
    pub addr: SocketAddr,
    pub method: &'static str,
    pub path: String,
    pub token: String,
    pub body: &'static str,
}

/// What `wrk` has found.
pub struct Rate {
    pub per_second: f64,
    pub p99: String,
    pub errors: u64,
}

impl Call {
    /// Calls once and returns the body of the answer, which must be a good one.
    pub fn once(&self) -> anyhow::Result<Vec<u8>> {
        let mut stream = TcpStream::connect(self.addr)?;
        stream.set_read_timeout(Some(LIMIT))?;
        write!(
            stream,
            "{} {} HTTP/1.1\r\nHost: master\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\
             Content-Length: {}\r\n\r\n{}",
            self.method,
            self.path,
            self.token,
            self.body.len(),
            self.body
        )?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer)?;
        let end = answer.windows(4).position(|part| part == b"\r\n\r\n").context("no answer")?;
        let head = String::from_utf8_lossy(answer.get(..end).unwrap_or_default());
        ensure!(head.starts_with("HTTP/1.1 200"), "{head}");
        Ok(answer.split_off(end + 4))
    }

    /// Calls for so many seconds on so many connections.
    pub fn wrk(&self, connections: u32, seconds: u32) -> anyhow::Result<Rate> {
        let script = tempfile::NamedTempFile::new()?;
        fs::write(
            script.path(),
            format!(
                "wrk.method = \"{}\"\nwrk.body = '{}'\nwrk.headers[\"Authorization\"] = \"Bearer {}\"\n",
                self.method, self.body, self.token
            ),
        )?;
        let output = Command::new("wrk")
            .args(["--latency", "-t2", &format!("-c{connections}"), &format!("-d{seconds}s")])
            .arg("-s")
            .arg(script.path())
            .arg(format!("http://{}{}", self.addr, self.path))
            .output()
            .context("wrk cannot be run: apt-get install wrk")?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let after = |word: &str| {
            let line = text.lines().find(|line| line.trim_start().starts_with(word))?;
            line.trim_start().strip_prefix(word)?.split_whitespace().next().map(str::to_owned)
        };
        let per_second = after("Requests/sec:").with_context(|| text.clone())?.parse()?;
        let errors = after("Non-2xx or 3xx responses:").map_or(Ok(0), |number| number.parse())?;
        Ok(Rate { per_second, p99: after("99%").unwrap_or_default(), errors })
    }
}

/// Processor time that this process has used so far.
pub fn processor_time() -> anyhow::Result<Duration> {
    /// What Linux counts in, on every machine it runs on today.
    const TICKS_PER_SECOND: u64 = 100;
    let stat = fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> =
        stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    // utime and stime are fields 14 and 15; the first after the name is field 3.
    let field = |index: usize| fields.get(index).and_then(|text| text.parse::<u64>().ok());
    let ticks =
        field(11).zip(field(12)).map(|(user, system)| user + system).context("/proc/self/stat")?;
    Ok(Duration::from_millis(ticks * 1000 / TICKS_PER_SECOND))
}
