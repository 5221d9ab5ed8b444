//! What stands in the place of HTTPS where it was not built in.

use std::{io, path::Path};

use tokio::net::TcpStream;

use crate::{Error, Tls, reload::Trace};

/// There is none.
pub(crate) enum Greeting {}

impl Greeting {
    pub(crate) fn new(files: &Tls) -> Result<Greeting, Error> {
        let reason = "this program was built without HTTPS, the feature \"tls\"".to_owned();
        Err(Error::Tls { path: files.certificates.clone(), reason })
    }

    pub(crate) fn files(&self) -> [(&Path, Option<Trace>); 2] {
        match *self {}
    }

    pub(crate) async fn greet(&self, _: TcpStream) -> io::Result<TcpStream> {
        match *self {}
    }

    pub(crate) fn read_again(&self) -> Result<(), Error> {
        match *self {}
    }
}
