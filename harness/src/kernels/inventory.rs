//! The kernels of the catalogue and what the cache holds of them; cached tools.

use guest::{Version, arch};
use images::{Cached, CachedKind, Catalogue, Entry, Kernel, Store, Vendor};
use serde::Serialize;

/// One kernel, or one tool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stock {
    /// Its name in the catalogue or in a vendor's source, or the tool's name; none for a kernel that is in the
    /// cache and not in the catalogue.
    pub name: Option<String>,
    /// Who publishes it.
    pub vendor: Vendor,
    /// What the kernel calls its architecture, such as `x86_64`.
    pub arch: String,
    /// The Debian version that the catalogue names.
    pub debian: Option<String>,
    /// The suite it was published in.
    pub suite: Option<String>,
    /// What is to be known of a vendor's source: `unseen` where its archive never answered
    /// Strata. None for Debian's kernels.
    pub remark: Option<String>,
    /// Whether it is among those that are tested by default.
    pub default: bool,
    /// What is in the cache, which may be another version of its series.
    pub cached: Option<CachedStock>,
}

/// An image or a tool in the cache.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CachedStock {
    /// Its Debian version.
    pub debian: String,
    /// Bytes of the image, or of all files.
    pub size: u64,
    /// SHA-256 of the image or of the list of files, as it was when it was verified.
    pub sha256: String,
    /// Where it came from, for people.
    pub source: String,
    /// Where it is.
    pub path: String,
}

/// The catalogue in its order, then what vendors' sources can be asked for, then the catalogue for
/// other architectures, then other cached kernels, then cached tools.
#[must_use]
pub fn inventory(catalogue: &Catalogue, store: &Store) -> Vec<Stock> {
    let (mut cached, tools): (Vec<Cached>, Vec<Cached>) =
        (store.cached().into_iter()).partition(|cached| cached.kind == CachedKind::Kernel);
    let mut take = |wanted: &dyn Fn(&Cached) -> bool| {
        let at = cached.iter().position(wanted)?;
        Some(stock_of(cached.remove(at)))
    };
    let mut stocks = Vec::new();
    let mut others = Vec::new();
    for arch in arch::ALL {
        let entries: Vec<Entry> = catalogue.entries.iter().map(|it| it.on(arch)).collect();
        let mut of_arch: Vec<Stock> = (entries.iter())
            .map(|entry| Stock {
                name: Some(entry.name.clone()),
                vendor: entry.vendor.clone(),
                arch: entry.arch.clone(),
                debian: Some(entry.debian.clone()),
                remark: None,
                suite: Some(entry.suite.clone()),
                default: catalogue.default.contains(&entry.name),
                cached: take(&|cached| cached.about.identity() == entry.identity()),
            })
            .collect();
        // What no entry names itself.
        for (stock, entry) in of_arch.iter_mut().zip(&entries) {
            if stock.cached.is_none() {
                stock.cached = take(&|cached| is_of_series(cached, entry));
            }
        }
        match arch.is_default() {
            true => stocks.append(&mut of_arch),
            false => others.append(&mut of_arch),
        }
    }
    for listed in catalogue.sources.listed() {
        let is_it = |cached: &Cached| cached.about.asked_for.as_ref() == Some(&listed.name);
        let at = cached.iter().position(is_it);
        stocks.push(Stock {
            vendor: Vendor::named(&listed.source).unwrap_or_default(),
            arch: guest::HOST.name.to_owned(),
            debian: None,
            suite: listed.suite,
            remark: Some(listed.remark),
            default: false,
            cached: at.map(|at| stock_of(cached.remove(at))),
            name: Some(listed.name),
        });
    }
    stocks.append(&mut others);
    stocks.extend(cached.into_iter().chain(tools).map(|cached| Stock {
        name: match cached.kind {
            CachedKind::Tool(tool) => Some(tool.name().to_owned()),
            _ if !cached.about.vendor.is_default() => {
                let about = &cached.about;
                Some(format!("{}/{}", about.vendor, about.debian_version))
            }
            _ => None,
        },
        vendor: cached.about.vendor.clone(),
        arch: cached.about.arch.clone(),
        debian: None,
        remark: None,
        suite: None,
        default: false,
        cached: Some(stock_of(cached)),
    }));
    stocks
}

/// The kernels of the catalogue of which an image is in the cache, perhaps of another
/// version of the series.
#[must_use]
pub fn cached_kernels(catalogue: &Catalogue, store: &Store) -> Vec<Kernel> {
    let stocks = inventory(catalogue, store);
    let entries = catalogue.entries.iter().zip(stocks);
    entries
        .filter(|(_, stock)| stock.cached.is_some())
        .map(|(entry, _)| Kernel::Catalogued(entry.clone()))
        .collect()
}

fn is_of_series(cached: &Cached, entry: &Entry) -> bool {
    let about = &cached.about;
    (&about.vendor, &about.arch) == (&entry.vendor, &entry.arch)
        && Version::leading(&about.debian_version)
            .is_ok_and(|(version, _)| version.series() == entry.version().series())
}

fn stock_of(cached: Cached) -> CachedStock {
    CachedStock {
        debian: cached.about.debian_version,
        size: cached.about.size,
        sha256: cached.about.sha256,
        source: cached.about.source,
        path: cached.path.display().to_string(),
    }
}
