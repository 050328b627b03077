//! The captures that are damaged, each prepared once, and work on all of them side by side.

use std::env;
use std::num::NonZero;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;
use std::thread;

use crate::captures;
use crate::decoded;
use crate::decoded::Directions;
use crate::encapsulation;
use crate::encapsulation::Around;
use crate::judge::Clean;
use crate::made;
use crate::packet;
use crate::packet::Capture;

/// A capture with its undamaged decode.
#[derive(Debug)]
pub(crate) struct Subject {
    pub(crate) capture: Capture,
    /// What is said of the frames as they were captured.
    pub(crate) said: Directions,
    pub(crate) clean: Clean,
}

impl Subject {
    fn new(capture: Capture) -> Self {
        let said = decoded::decode(&encapsulation::frames(&capture.packets, Around::Ethernet));
        let clean = Clean::new(&capture.packets, &said);
        Self {
            capture,
            said,
            clean,
        }
    }

    /// Messages with audio or video.
    pub(crate) fn media(&self) -> usize {
        let rows = self.clean.rows.values().flatten();
        rows.filter(|row| row.is_media()).count()
    }
}

/// Where a capture comes from.
enum Origin {
    File(PathBuf),
    Made,
}

/// Every sample, every public capture of RTMP, those in the folder that `DAMAGE_CAPTURES` names, and
/// the streams made for the purpose, with `DAMAGE_PAYLOADS` payloads each. `DAMAGE_ONLY` names some of
/// them, or what they begin with where it ends with a star.
fn all() -> Vec<(String, Origin)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = captures::named_in(&root.join("samples"));
    if let Some(public) = captures::public() {
        let folders = ["krisnova+twinx", "zhangpeihao+gortmp", "derived"].iter();
        found.extend(folders.flat_map(|folder| captures::named_in(&public.join(folder))));
    }
    if let Some(own) = env::var_os("DAMAGE_CAPTURES") {
        found.extend(captures::named_in(Path::new(&own)));
    }
    let files = found
        .into_iter()
        .map(|(name, path)| (name, Origin::File(path)));
    let payloads = env::var("DAMAGE_PAYLOADS").ok();
    let payloads = payloads.map_or(1, |count| count.parse().expect("a number"));
    let made = made::names(payloads).into_iter();
    let made = made.map(|name| (name, Origin::Made));
    let mut all: Vec<_> = files.chain(made).collect();
    if let Ok(only) = env::var("DAMAGE_ONLY") {
        let is_meant = |name: &str, part: &str| match part.strip_suffix('*') {
            Some(begin) => name.starts_with(begin),
            None => name == part,
        };
        all.retain(|(name, _)| only.split(',').any(|part| is_meant(name, part)));
    }
    all
}

fn load(name: &str, origin: &Origin) -> Capture {
    match origin {
        Origin::File(path) => packet::read(name, path),
        Origin::Made => made::capture(name),
    }
}

/// The packet that `DAMAGE_AT` names, to look at one case alone.
pub(crate) fn chosen() -> Option<usize> {
    let number: usize = env::var("DAMAGE_AT").ok()?.parse().ok()?;
    number.checked_sub(1)
}

/// Does `work` on every capture, on all processors, and hands back what came of it in the order of
/// the captures.
pub(crate) fn on_all<T: Send>(work: impl Fn(&Subject) -> T + Sync) -> Vec<T> {
    let all = all();
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::new());
    let workers = thread::available_parallelism().map_or(1, NonZero::get);
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some((name, origin)) = all.get(index) else {
                        return;
                    };
                    let result = work(&Subject::new(load(name, origin)));
                    done.lock().expect("no worker failed").push((index, result));
                }
            });
        }
    });
    let mut done = done.into_inner().expect("no worker failed");
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}
