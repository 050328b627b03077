//! Becoming another user, for good.

use std::ffi::CString;

use nix::unistd::Gid;
use nix::unistd::Uid;
use rustix::thread::set_keep_capabilities;

use super::UserError;

/// Who to become.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    name: String,
    uid: Uid,
    gid: Gid,
    /// Name in the user database, where there is an entry: it has further groups.
    entry: Option<CString>,
}

impl User {
    /// A user by name, by number, or by the numbers of user and group (`1000:1000`), which need no
    /// entry in the user database.
    ///
    /// # Errors
    /// When there is no such user.
    pub fn named(text: &str) -> Result<Self, UserError> {
        let unknown = || UserError::Unknown {
            name: text.to_owned(),
        };
        if let Some((uid, gid)) = text.split_once(':') {
            let uid = uid.parse().map_err(|_| unknown())?;
            let gid = gid.parse().map_err(|_| unknown())?;
            return Ok(Self {
                name: text.to_owned(),
                uid: Uid::from_raw(uid),
                gid: Gid::from_raw(gid),
                entry: None,
            });
        }
        let found = match text.parse() {
            Ok(uid) => nix::unistd::User::from_uid(Uid::from_raw(uid)),
            Err(_) => nix::unistd::User::from_name(text),
        };
        let found = found.ok().flatten().ok_or_else(unknown)?;
        Ok(Self {
            entry: CString::new(found.name.as_str()).ok(),
            name: found.name,
            uid: found.uid,
            gid: found.gid,
        })
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is root.
    pub fn is_root(&self) -> bool {
        self.uid.is_root()
    }

    /// Becomes this user, with its groups, in all threads and with no way back. Capabilities of
    /// this thread are put aside and not lost: what may be held on to is the business of
    /// [`super::hold`].
    ///
    /// # Errors
    /// When this is not root, or the system refuses.
    pub fn become_it(&self) -> Result<(), UserError> {
        if nix::unistd::getuid() == self.uid && nix::unistd::geteuid() == self.uid {
            return Ok(());
        }
        if !nix::unistd::geteuid().is_root() {
            return Err(UserError::NotRoot);
        }
        self.change().map_err(|errno| UserError::Refused {
            name: self.name.clone(),
            cause: errno.into(),
        })
    }

    fn change(&self) -> Result<(), nix::Error> {
        let keep = |keep| {
            set_keep_capabilities(keep).map_err(|errno| nix::Error::from_raw(errno.raw_os_error()))
        };
        keep(true)?;
        match &self.entry {
            Some(name) => nix::unistd::initgroups(name, self.gid)?,
            None => nix::unistd::setgroups(&[self.gid])?,
        }
        // Real, effective and saved: none of them leads back.
        nix::unistd::setresgid(self.gid, self.gid, self.gid)?;
        nix::unistd::setresuid(self.uid, self.uid, self.uid)?;
        keep(false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_have_names_and_numbers() {
        let root = User::named("root").unwrap();
        assert!(root.is_root() && root == User::named("0").unwrap());
        let foreign = User::named("1234567:7654321").unwrap();
        assert_eq!(
            (foreign.uid.as_raw(), foreign.gid.as_raw()),
            (1_234_567, 7_654_321)
        );
        for wrong in ["no such user", "", "1:", ":1", "a:b", "-1", "4294967296"] {
            assert!(User::named(wrong).is_err(), "{wrong}");
        }
    }
}
