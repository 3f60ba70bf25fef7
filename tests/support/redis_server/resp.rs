//! The part of the Redis protocol (RESP2) that tests need, independent of the client under test.

use std::fmt;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use super::DEADLINE;

/// A reply of Redis.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Value {
    Nil,
    Int(i64),
    Text(Vec<u8>),
    Array(Vec<Self>),
    Error(String),
}

impl Value {
    /// The text, or the `Debug` form of any other reply.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Text(text) => String::from_utf8_lossy(text).into_owned(),
            other => format!("{other:?}"),
        }
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nil => f.write_str("Nil"),
            Self::Int(number) => write!(f, "Int({number})"),
            Self::Text(text) => write!(f, "Text(\"{}\")", text.escape_ascii()),
            Self::Array(values) => f.debug_list().entries(values).finish(),
            Self::Error(message) => write!(f, "Error({message:?})"),
        }
    }
}

/// A blocking connection of a test.
pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
}

impl Connection {
    /// Opens a connection on which no operation takes longer than [`DEADLINE`].
    pub(crate) fn open(address: SocketAddr, password: Option<&str>) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, DEADLINE)?;
        stream.set_nodelay(true)?;
        let mut connection = Self {
            stream: BufReader::new(stream),
        };
        connection.set_timeout(Some(DEADLINE))?;
        if let Some(password) = password {
            match connection.call(&["AUTH", password])? {
                Value::Text(_) => {}
                refused => return Err(io::Error::other(format!("AUTH: {refused:?}"))),
            }
        }
        Ok(connection)
    }

    /// Sets how long [`read`](Self::read) waits.
    pub(crate) fn set_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.stream.get_ref().set_read_timeout(timeout)
    }

    /// Sends a command and reads the reply.
    pub(crate) fn call(&mut self, command: &[&str]) -> io::Result<Value> {
        self.send(command)?;
        self.read()
    }

    pub(crate) fn send(&self, command: &[&str]) -> io::Result<()> {
        let mut bytes = format!("*{}\r\n", command.len());
        for word in command {
            bytes += &format!("${}\r\n{word}\r\n", word.len());
        }
        self.stream.get_ref().write_all(bytes.as_bytes())
    }

    pub(crate) fn read(&mut self) -> io::Result<Value> {
        let mut line = Vec::new();
        self.stream.read_until(b'\n', &mut line)?;
        let Some((&kind, rest)) = line.strip_suffix(b"\r\n").and_then(<[u8]>::split_first) else {
            return Err(io::ErrorKind::UnexpectedEof.into());
        };
        Ok(match kind {
            b'+' => Value::Text(rest.to_vec()),
            b'-' => Value::Error(String::from_utf8_lossy(rest).into_owned()),
            b':' => Value::Int(number(rest)?),
            b'$' => match usize::try_from(number(rest)?) {
                Ok(length) => {
                    let mut text = vec![0; length + 2];
                    self.stream.read_exact(&mut text)?;
                    text.truncate(length);
                    Value::Text(text)
                }
                Err(_) => Value::Nil,
            },
            b'*' => match usize::try_from(number(rest)?) {
                Ok(length) => Value::Array(
                    (0..length)
                        .map(|_| self.read())
                        .collect::<io::Result<_>>()?,
                ),
                Err(_) => Value::Nil,
            },
            _ => {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    line.escape_ascii().to_string(),
                ));
            }
        })
    }

    /// The socket itself, for instance to shut the connection down from another thread.
    pub(crate) fn socket(&self) -> io::Result<TcpStream> {
        self.stream.get_ref().try_clone()
    }
}

fn number(digits: &[u8]) -> io::Result<i64> {
    let digits = std::str::from_utf8(digits).map_err(io::Error::other)?;
    digits.parse().map_err(io::Error::other)
}
