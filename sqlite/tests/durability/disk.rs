//! A disk that loses unsynced writes, as `lost_writes.c` records it.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::preload::library;
use crate::random::Random;

/// Bytes that a disk writes at once.
const SECTOR: usize = 512;

/// A folder on that disk.
pub(crate) struct Disk {
    folder: PathBuf,
    images: PathBuf,
}

/// The changes that a power failure leaves.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Leaves {
    /// Only what was synced.
    Synced,
    /// Each sector, length and name as it was synced, or as it was written since.
    SomeMore,
}

/// The files after a power failure.
pub(crate) struct Remains(BTreeMap<String, Vec<u8>>);

impl Remains {
    pub(crate) fn write(&self, folder: &Path) {
        fs::create_dir(folder).expect("a folder");
        for (name, content) in &self.0 {
            fs::write(folder.join(name), content).expect("a file");
        }
    }
}

impl Disk {
    /// A disk with these files in `folder`, all of them synced.
    pub(crate) fn with(files: &Remains, folder: PathBuf) -> Self {
        let images = folder.with_extension("disk");
        files.write(&folder);
        fs::create_dir(&images).expect("a folder");
        let mut entries = String::new();
        for (name, inode) in names(&folder) {
            let image = images.join(format!("data.{inode}"));
            fs::copy(folder.join(&name), image).expect("a file");
            entries += &format!("{inode} {name}\n");
        }
        fs::write(images.join("entries"), entries).expect("a file");
        Self { folder, images }
    }

    pub(crate) fn empty(folder: PathBuf) -> Self {
        Self::with(&Remains(BTreeMap::new()), folder)
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The variables for a child process that uses this disk.
    pub(crate) fn variables(&self) -> Vec<(&'static str, OsString)> {
        vec![
            ("LD_PRELOAD", library().into()),
            ("DISK_FOLDER", self.folder.clone().into()),
            ("DISK_IMAGES", self.images.clone().into()),
        ]
    }

    /// Returns what a power failure leaves now. No process uses the disk any more.
    pub(crate) fn fail(&self, leaves: Leaves, random: &mut Random) -> Remains {
        let synced = self.synced_names();
        let written = names(&self.folder);
        let all: Vec<_> = synced.keys().chain(written.keys()).cloned().collect();
        let mut remains = BTreeMap::new();
        for name in all {
            let has_written_name = matches!(leaves, Leaves::SomeMore) && random.below(2) == 0;
            let names = if has_written_name { &written } else { &synced };
            if let Some(inode) = names.get(&name) {
                let content = self.content(*inode, leaves, random);
                remains.insert(name, content);
            }
        }
        Remains(remains)
    }

    pub(crate) fn remove(self) {
        for folder in [self.folder, self.images] {
            fs::remove_dir_all(folder).expect("a folder");
        }
    }

    fn synced_names(&self) -> BTreeMap<String, u64> {
        let entries = fs::read_to_string(self.images.join("entries")).expect("a file");
        let lines = entries.lines().map(|line| {
            let (inode, name) = line.split_once(' ').expect("two words");
            (name.to_owned(), inode.parse().expect("a number"))
        });
        lines.filter(|(name, _)| is_on_disk(name)).collect()
    }

    fn content(&self, inode: u64, leaves: Leaves, random: &mut Random) -> Vec<u8> {
        let synced = fs::read(self.images.join(format!("data.{inode}"))).unwrap_or_default();
        if matches!(leaves, Leaves::Synced) {
            return synced;
        }
        let named = names(&self.folder).into_iter().find(|(_, of)| *of == inode);
        let written = named.map_or_else(
            || self.images.join(format!("removed.{inode}")),
            |(name, _)| self.folder.join(name),
        );
        let written = fs::read(written).expect("a file");
        // Most of the later changes, or few of them.
        let most = random.below(8) + 1;
        let length = if random.below(2) == 0 {
            synced.len()
        } else {
            written.len()
        };
        let mut content = vec![0; length];
        for (index, sector) in content.chunks_mut(SECTOR).enumerate() {
            let from = if random.below(9) < most {
                &written
            } else {
                &synced
            };
            let start = (index * SECTOR).min(from.len());
            let end = (start + sector.len()).min(from.len());
            sector[..end - start].copy_from_slice(&from[start..end]);
        }
        content
    }
}

/// The names of a folder with their inodes.
fn names(folder: &Path) -> BTreeMap<String, u64> {
    let files = fs::read_dir(folder).expect("a folder");
    let files = files.map(|file| {
        let file = file.expect("a file");
        let inode = file.metadata().expect("a file").ino();
        (file.file_name().into_string().expect("text"), inode)
    });
    files.filter(|(name, _)| is_on_disk(name)).collect()
}

/// Shared memory has no content after a power failure.
fn is_on_disk(name: &str) -> bool {
    !name.ends_with("-shm")
}
