//! Opening bundles.

use std::{
    io::{Read, Seek},
    path::Path,
    sync::Arc,
};

use automl_pack_bundle::{Archive, Limits, Manifest};
use automl_pack_plan::{Policy, Rows, Statistics};
use rayon::prelude::*;

use crate::{Builder, Error, Golden, Member, Pattern, Scores, bare, source::Source};

/// An opened bundle.
///
/// - every byte of it was checked, and every member's graph was prepared
/// - it is immutable, `Send` and `Sync`; a clone shares everything
///
/// ```
/// use automl_pack_ensemble::Auto;
///
/// fn can_be_shared<T: Send + Sync + Clone>() {}
/// can_be_shared::<Auto>();
/// ```
#[derive(Debug, Clone)]
pub struct Auto {
    /// What predicts.
    pub pattern: Pattern,
    manifest: Option<Arc<Manifest>>,
    statistics: Arc<Statistics>,
    golden: Option<Arc<Golden>>,
}

/// How a bundle is opened.
///
/// ```
/// # std::env::set_current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))?;
/// use automl_pack_bundle::Limits;
/// use automl_pack_ensemble::{Auto, Error, Options};
///
/// let limits = Limits { total_bytes: 1 << 20, ..Limits::default() };
/// let options = Options { limits, ..Options::default() };
/// let refused = Auto::unpack_with("tests/fixtures/carefree/bank/auto_pack.zip", &options);
/// assert!(matches!(refused, Err(Error::Bundle(_))));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Options {
    /// How much it may ask for.
    pub limits: Limits,
    /// What is done with cells that are missing, unseen or unreadable.
    pub policy: Policy,
    /// Whether a bundle's golden rows are replayed. Default: yes.
    pub replay: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options { limits: Limits::default(), policy: Policy::default(), replay: true }
    }
}

impl Auto {
    /// Opens a bundle: a zip file, with or without `.zip` in the path, or an unpacked folder. A bare ONNX
    /// model is opened too, as an ensemble of one.
    ///
    /// ```
    /// use automl_pack_ensemble::Auto;
    ///
    /// let refused = Auto::unpack("nowhere.pack").unwrap_err();
    /// assert_eq!(refused.to_string(), "nowhere.pack is not there (nor is nowhere.pack.zip)");
    /// ```
    pub fn unpack(path: impl AsRef<Path>) -> Result<Auto, Error> {
        Auto::unpack_with(path, &Options::default())
    }

    /// As [`Auto::unpack`], with other options.
    pub fn unpack_with(path: impl AsRef<Path>, options: &Options) -> Result<Auto, Error> {
        Auto::from_archive(&bare::open_archive(path, &options.limits)?, options)
    }

    /// Opens a zip file that is in memory.
    ///
    /// ```
    /// # std::env::set_current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))?;
    /// use automl_pack_ensemble::Auto;
    ///
    /// let auto = Auto::from_bytes(std::fs::read("examples/titanic.pack.zip")?)?;
    /// assert_eq!(auto.pattern.members().len(), 10);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn from_bytes(bytes: impl AsRef<[u8]>) -> Result<Auto, Error> {
        Auto::from_archive(&Archive::from_bytes_any(bytes)?, &Options::default())
    }

    /// Opens a zip file that something gives.
    ///
    /// ```
    /// # std::env::set_current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))?;
    /// use automl_pack_ensemble::Auto;
    ///
    /// let auto = Auto::read(std::fs::File::open("examples/titanic.pack.zip")?)?;
    /// assert_eq!(auto.pattern.target().name, "Survived");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn read(reader: impl Read + Seek) -> Result<Auto, Error> {
        let options = Options::default();
        Auto::from_archive(&Archive::read_any(reader, &options.limits)?, &options)
    }

    /// Opens a container that was read. Members are prepared in parallel; a bundle's digests are
    /// checked first, and its golden rows are replayed last.
    ///
    /// A file that comes alone is a bare graph: the pattern is an ensemble of one, its graph with the weight 1,
    /// and what it takes and gives is what the graph itself says.
    pub fn from_archive(archive: &Archive, options: &Options) -> Result<Auto, Error> {
        match bare::graph_of(archive) {
            Some((name, graph)) => bare::open(name, graph, options),
            None => Source::read(archive)?.open(options),
        }
    }

    /// What a bare graph is opened as.
    pub(crate) fn of_pattern(pattern: Pattern) -> Auto {
        Auto { pattern, manifest: None, statistics: Arc::default(), golden: None }
    }

    /// Begins a bundle: see [`Builder`].
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// What the bundle says of itself; a pack that carefree-learn wrote says nothing.
    pub fn manifest(&self) -> Option<&Manifest> {
        self.manifest.as_deref()
    }

    /// Aggregates of the training data.
    pub fn statistics(&self) -> &Statistics {
        &self.statistics
    }

    /// The rows with known predictions that the bundle carries.
    pub fn golden(&self) -> Option<&Golden> {
        self.golden.as_deref()
    }
}

impl Source<'_> {
    /// Prepares the members, and replays the golden rows where that is asked for.
    pub(crate) fn open(self, options: &Options) -> Result<Auto, Error> {
        // The error that is reported is the first member's, whichever thread was first.
        let members = self.prepare().into_iter().collect::<Result<Vec<_>, _>>()?;
        self.assemble(members, options)
    }

    /// Every member, prepared or refused.
    pub(crate) fn prepare(&self) -> Vec<Result<Member, Error>> {
        let members = self.members.list.par_iter();
        members.map(|member| Member::prepare(member, &self.plan, &self.target)).collect()
    }

    /// The whole, of members that were prepared.
    pub(crate) fn assemble(self, members: Vec<Member>, options: &Options) -> Result<Auto, Error> {
        let (plan, target) = (Arc::new(self.plan), Arc::new(self.target));
        let pattern = Pattern::new(plan, target, members.into(), self.blend, options.policy);
        if let (Some(golden), true) = (&self.golden, options.replay) {
            golden.replay(&pattern)?;
        }
        Ok(Auto {
            pattern,
            manifest: self.manifest.map(Arc::new),
            statistics: Arc::new(self.statistics),
            golden: self.golden.map(Arc::new),
        })
    }
}

/// An opened pack of one model: an ensemble of one, with the weight 1.
#[derive(Debug, Clone)]
pub struct Pack {
    pattern: Pattern,
}

impl Pack {
    /// Opens a pack of one model, as [`Auto::unpack`] does a bundle.
    pub fn open(path: impl AsRef<Path>) -> Result<Pack, Error> {
        Pack::try_from(Auto::unpack(path)?)
    }

    /// Opens a pack that is in memory.
    pub fn from_bytes(bytes: impl AsRef<[u8]>) -> Result<Pack, Error> {
        Pack::try_from(Auto::from_bytes(bytes)?)
    }

    /// Opens a pack that something gives.
    pub fn read(reader: impl Read + Seek) -> Result<Pack, Error> {
        Pack::try_from(Auto::read(reader)?)
    }

    /// Labels and probabilities, or values, of rows.
    ///
    /// ```
    /// # std::env::set_current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))?;
    /// use automl_pack_ensemble::Pack;
    /// use ndarray::array;
    ///
    /// let pack = Pack::open("tests/fixtures/carefree/diabetes/packs/pack_fcnn.zip")?;
    /// let scores = pack.predict(&array![[0.07_f64, 0.05, -0.02, 0.05, 0.07, 0.03, -0.04, 0.07, 0.1, 0.04]])?;
    /// assert!((scores.values().unwrap()[0] - 180.0).abs() < 20.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn predict(&self, rows: &(impl Rows + ?Sized)) -> Result<Scores, Error> {
        self.pattern.predict(rows)
    }

    /// The ensemble of one.
    pub fn pattern(&self) -> &Pattern {
        &self.pattern
    }
}

impl TryFrom<Auto> for Pack {
    type Error = Error;

    fn try_from(auto: Auto) -> Result<Pack, Error> {
        match auto.pattern.members().len() {
            1 => Ok(Pack { pattern: auto.pattern }),
            members => Err(Error::NotSingle { members }),
        }
    }
}
