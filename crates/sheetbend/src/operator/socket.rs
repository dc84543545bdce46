//! The socket by which the operator's commands find the server of a data directory.

use std::io;
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use tokio::net::UnixListener;

/// Its name in the data directory.
pub const ADMIN_SOCKET: &str = "admin.sock";

/// The socket's file, removed at the end.
pub struct AdminSocket {
    path: PathBuf,
}

impl AdminSocket {
    /// Listens in a data directory whose lock this process holds; without a socket commands need `--url`.
    pub fn bind(data_dir: &Path) -> Option<(Self, UnixListener)> {
        let path = data_dir.join(ADMIN_SOCKET);
        match private_listener(data_dir, &path) {
            Ok(listener) => Some((Self { path }, listener)),
            Err(error) => {
                tracing::warn!(%error, path = %path.display(), "the operator's commands cannot reach this server by its data directory");
                None
            }
        }
    }
}

/// Binds where nobody else can look and moves the socket into place once its mode is 0600: a mode that is set after
/// the bind leaves a moment in which others may connect.
fn private_listener(data_dir: &Path, path: &Path) -> io::Result<UnixListener> {
    let folder = data_dir.join(".s");
    // Of a process that died here; the lock says that it is gone.
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::DirBuilder::new().mode(0o700).create(&folder)?;
    let inside = folder.join("s");
    let listener = UnixListener::bind(&inside)?;
    std::fs::set_permissions(&inside, std::fs::Permissions::from_mode(0o600))?;
    std::fs::rename(&inside, path)?;
    std::fs::remove_dir(&folder)?;
    Ok(listener)
}

impl Drop for AdminSocket {
    fn drop(&mut self) {
        // Whoever finds a socket that nobody listens to starts a server of its own.
        let _ = std::fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_socket_is_the_owner_s_and_goes_with_the_server() {
        let home = tempfile::tempdir().unwrap();
        let (socket, listener) = AdminSocket::bind(home.path()).unwrap();
        let path = home.path().join(ADMIN_SOCKET);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let (connected, accepted) = tokio::join!(tokio::net::UnixStream::connect(&path), listener.accept());
        assert!(connected.is_ok() && accepted.is_ok());
        drop(socket);
        assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
        // One that died left its file behind.
        std::fs::write(&path, "").unwrap();
        assert!(AdminSocket::bind(home.path()).is_some());
    }
}
