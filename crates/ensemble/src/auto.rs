//! Opening bundles.

use std::{
    io::{Read, Seek},
    path::Path,
    sync::Arc,
};

use automl_pack_bundle::{Archive, Limits};
use automl_pack_carefree as carefree;
use automl_pack_plan::{Policy, Rows};
use rayon::prelude::*;

use crate::{Error, Member, Pattern, Scores};

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
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Options {
    /// How much it may ask for.
    pub limits: Limits,
    /// What is done with cells that are missing, unseen or unreadable.
    pub policy: Policy,
}

impl Auto {
    /// Opens a bundle: a zip file, with or without `.zip` in the path, or an unpacked folder.
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
        Auto::from_archive(&Archive::open_with(path, &options.limits)?, options)
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
        Auto::from_archive(&Archive::from_bytes(bytes)?, &Options::default())
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
        Auto::from_archive(&Archive::read(reader, &options.limits)?, &options)
    }

    /// Opens a container that was read. Members are prepared in parallel.
    pub fn from_archive(archive: &Archive, options: &Options) -> Result<Auto, Error> {
        let source = carefree::read(archive)?;
        let (plan, target) = (source.plan, source.target);
        let members: Vec<Result<Member, Error>> =
            source.members.into_par_iter().map(|member| Member::prepare(member, &plan, &target)).collect();
        // The error that is reported is the first member's, whichever thread was first.
        let members = members.into_iter().collect::<Result<Vec<_>, _>>()?;
        Ok(Auto { pattern: Pattern::new(Arc::new(plan), Arc::new(target), members.into(), options.policy) })
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
