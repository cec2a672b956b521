//! What a server can be told, and what it says: the commands and answers that a store
//! needs, without a connection.

/// A command, and what is sent with it.
pub(super) struct Command<'a> {
    /// `mg`, `ms`, `md`.
    pub(super) verb: &'static str,
    pub(super) key: String,
    pub(super) flags: String,
    /// Seconds until what is stored goes; 0 is never.
    pub(super) seconds: Option<u64>,
    pub(super) data: Option<(Vec<u8>, &'a [u8])>,
}

impl<'a> Command<'a> {
    /// Reads what `flags` say.
    pub(super) fn get(key: String, flags: &str) -> Self {
        Command {
            verb: "mg",
            key,
            flags: flags.to_owned(),
            seconds: None,
            data: None,
        }
    }

    /// Stores two pieces, one after the other, for a number of seconds.
    pub(super) fn set(key: String, seconds: u64, head: Vec<u8>, rest: &'a [u8]) -> Self {
        Command {
            verb: "ms",
            key,
            flags: String::new(),
            seconds: Some(seconds),
            data: Some((head, rest)),
        }
    }

    /// Removes.
    pub(super) fn delete(key: String) -> Self {
        Command {
            verb: "md",
            ..Command::get(key, "")
        }
    }

    /// Only if nothing is there.
    pub(super) fn if_absent(mut self) -> Self {
        self.flags.push_str(" ME");
        self
    }

    /// Only if that is there which was read with this number.
    pub(super) fn if_still(mut self, version: u64) -> Self {
        self.flags.push_str(" C");
        self.flags.push_str(&version.to_string());
        self
    }

    /// How many bytes are stored.
    pub(super) fn len(&self) -> usize {
        let data = self.data.as_ref();
        data.map_or(0, |(head, rest)| head.len() + rest.len())
    }
}

/// What a server says to a command.
#[derive(Debug)]
pub(super) enum Answer {
    /// It is done, or is there.
    Done(Found),
    /// It is not: there is nothing, or something else than what was expected.
    Not,
    /// What is to be stored is larger than the server takes.
    TooLarge { len: usize, most: usize },
    /// The server is well, but does not do that: why.
    Refused(String),
}

/// What was read.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) value: Vec<u8>,
    /// Seconds until it goes, by the server's clock; none if that is never.
    pub(super) left: Option<u64>,
    /// The number of this version.
    pub(super) version: u64,
}

/// What a server tells of itself.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Facts {
    /// Seconds since 1970, by its clock.
    pub(super) time: Option<u64>,
    /// The most bytes in an entry, with its key and all.
    pub(super) most: Option<usize>,
    pub(super) entries: u64,
    pub(super) used: u64,
    pub(super) limit: u64,
    /// It was started with `-M`.
    pub(super) keeps_all: bool,
}

impl Facts {
    /// Takes a line of `stats` in.
    pub(super) fn note(&mut self, name: &str, value: &str) {
        let number = value.parse().ok();
        match name {
            "time" => self.time = number,
            "item_size_max" => self.most = value.parse().ok(),
            "curr_items" => self.entries = number.unwrap_or_default(),
            "bytes" => self.used = number.unwrap_or_default(),
            "limit_maxbytes" => self.limit = number.unwrap_or_default(),
            "evictions" => self.keeps_all |= value == "off",
            _ => {}
        }
    }
}
