//! Where the captures are, and how they are read.

use std::path::Path;
use std::path::PathBuf;

use rtmpscope::capture::Frame;
use rtmpscope::capture::Next;
use rtmpscope::capture::Source as _;
use rtmpscope::capture::file::Files;
use rtmpscope::capture::file::Input;
use rtmpscope::pipeline::Observer;
use rtmpscope::pipeline::Options;
use rtmpscope::pipeline::Pipeline;

use crate::captures;

/// A path inside the project.
pub(crate) fn ours(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Every sample with its name, in the order of the names.
pub(crate) fn samples() -> Vec<(String, PathBuf)> {
    let found = captures::named_in(&ours("samples"));
    assert!(!found.is_empty(), "samples");
    found
}

/// The sample of this name.
pub(crate) fn sample(name: &str) -> PathBuf {
    samples()
        .into_iter()
        .find_map(|(found, path)| (found == name).then_some(path))
        .unwrap_or_else(|| panic!("no sample {name}"))
}

/// Hands out the frames of a capture, which must be without fault.
pub(crate) fn frames(path: &Path, mut each: impl FnMut(&Frame<'_>)) {
    let mut files = Files::new([Input::named(path)]);
    loop {
        match files.next_frame() {
            Ok(Next::Frame(frame)) => each(&frame),
            Ok(Next::Idle | Next::Back(_)) => {}
            Ok(Next::End) => return,
            Err(error) => panic!("{}: {error}", path.display()),
        }
    }
}

/// Decodes a capture.
pub(crate) fn decode(path: &Path, options: Options, observer: &mut impl Observer) -> Pipeline {
    let mut pipeline = Pipeline::new(options);
    frames(path, |frame| {
        pipeline.push(frame, observer);
    });
    pipeline.finish(observer);
    pipeline
}
