//! Submissions in a folder: which there are, and how each is run.

use std::collections::hash_map::DefaultHasher;
use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::hash::{Hash, Hasher};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::program::{ADDRESS, Launch};

/// The most folders below its own in which a submission's program is looked
/// for: archives like to have one around everything.
const DEPTH: usize = 3;

/// What has nothing of the student's in it.
const FOREIGN: [&str; 5] =
    ["__MACOSX", "__pycache__", "node_modules", "target", "venv"];

/// One submission.
pub struct Submission {
    pub folder: PathBuf,
    /// The folder's name, as far as it is text.
    pub entry: String,
    /// The student's, where the folder has it the way Moodle writes it.
    pub name: String,
    /// A name for the files about it, which no other submission has.
    pub key: String,
}

/// How a submission is run.
pub enum Way {
    /// By its `run` file.
    Run(Launch),
    /// It is a Cargo project, in this folder.
    Cargo(PathBuf),
}

/// All in a folder, in the order of their names.
///
/// # Errors
/// Where it cannot be read.
pub fn all(folder: &Path) -> io::Result<Vec<Submission>> {
    let mut names: Vec<OsString> = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.path().is_dir() && !is_foreign(&entry.file_name()) {
            names.push(entry.file_name());
        }
    }
    names.sort();
    let mut all: Vec<Submission> = Vec::new();
    for name in names {
        let entry = name.to_string_lossy().into_owned();
        let used = |key: &String| all.iter().any(|one| one.key == *key);
        let mut key = entry.clone();
        while used(&key) {
            key.push('_');
        }
        all.push(Submission {
            folder: folder.join(&name),
            name: student(&entry).to_string(),
            entry,
            key,
        });
    }
    Ok(all)
}

/// `Ana Silva` of `Ana Silva_123456_assignsubmission_file_`.
fn student(entry: &str) -> &str {
    let moodle = entry.find("_assignsubmission_");
    let before = moodle.map_or(entry, |end| &entry[..end]);
    match before.rsplit_once('_') {
        Some((name, number))
            if moodle.is_some()
                && number.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            name
        }
        _ => before,
    }
}

fn is_foreign(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    name.starts_with('.') || FOREIGN.contains(&&*name)
}

/// Whether a folder is one submission.
pub fn is_one(folder: &Path) -> bool {
    run_file(folder).is_some() || is_cargo(folder)
}

fn run_file(folder: &Path) -> Option<PathBuf> {
    let names = ["run", "run.bat", "run.cmd", "run.exe"];
    let mut paths = names.iter().map(|name| folder.join(name));
    paths.find(|path| path.is_file())
}

fn is_cargo(folder: &Path) -> bool {
    folder.join("Cargo.toml").is_file()
}

impl Submission {
    /// How it is run.
    ///
    /// # Errors
    /// Where that is not clear: why.
    pub fn way(&self) -> Result<Way, String> {
        let unreadable = |error: io::Error| format!("não se lê: {error}");
        let mut level = vec![self.folder.canonicalize().map_err(unreadable)?];
        for _ in 0..=DEPTH {
            let mut found = level.iter().filter(|folder| is_one(folder));
            match (found.next(), found.next()) {
                (Some(one), None) => return way(one).map_err(unreadable),
                (Some(one), Some(other)) => {
                    return Err(format!(
                        "tem mais do que um programa: em {} e em {}",
                        self.relative(one),
                        self.relative(other)
                    ));
                }
                (None, _) => {}
            }
            level = level.iter().flat_map(|folder| folders(folder)).collect();
        }
        Err(match self.archive() {
            Some(archive) => format!("falta descomprimir «{archive}»"),
            None => "não tem um ficheiro «run» nem um Cargo.toml".to_string(),
        })
    }

    /// A folder inside it, as it is called from there.
    fn relative(&self, folder: &Path) -> String {
        let root = self.folder.canonicalize().unwrap_or_default();
        let inside = folder.strip_prefix(root).unwrap_or(folder);
        format!("./{}", inside.display())
    }

    /// An archive, where there is nothing else to be run.
    fn archive(&self) -> Option<String> {
        const KINDS: [&str; 6] = ["zip", "gz", "tgz", "rar", "7z", "xz"];
        let entries = fs::read_dir(&self.folder).ok()?;
        entries.flatten().find_map(|entry| {
            let path = entry.path();
            let kind = path.extension()?.to_str()?.to_lowercase();
            let is_archive = KINDS.contains(&kind.as_str());
            let name = path.file_name()?.to_string_lossy().into_owned();
            is_archive.then_some(name)
        })
    }

    /// A number that changes when any file of it does.
    pub fn fingerprint(&self) -> String {
        let mut hasher = DefaultHasher::new();
        hash(&self.folder, &mut hasher);
        format!("{:016x}", hasher.finish())
    }
}

/// The folders in a folder, without following links, which may lead round and
/// round.
fn folders(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = entries
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .filter(|entry| !is_foreign(&entry.file_name()))
        .map(|entry| entry.path())
        .collect();
    folders.sort();
    folders
}

/// The files in a folder that are really files. A pipe has no end.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut files: Vec<PathBuf> = entries
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_file()))
        .map(|entry| entry.path())
        .collect();
    files.sort();
    files
}

fn hash(folder: &Path, hasher: &mut DefaultHasher) {
    /// A longer file is known by its length and its time.
    const LONG: u64 = 16 << 20;
    for file in files(folder) {
        file.file_name().hash(hasher);
        let about = fs::metadata(&file);
        match about {
            Ok(about) if about.len() <= LONG => {
                fs::read(&file).unwrap_or_default().hash(hasher);
            }
            Ok(about) => (about.len(), about.modified().ok()).hash(hasher),
            Err(_) => {}
        }
    }
    for inner in folders(folder) {
        inner.file_name().hash(hasher);
        hash(&inner, hasher);
    }
}

/// Copies a folder's files, and not what is no file.
///
/// # Errors
/// Where the disk is full, say.
pub fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for file in files(from) {
        let name = file.file_name().unwrap_or_default();
        fs::copy(&file, to.join(name))?;
    }
    for inner in folders(from) {
        copy(&inner, &to.join(inner.file_name().unwrap_or_default()))?;
    }
    Ok(())
}

fn way(folder: &Path) -> io::Result<Way> {
    match run_file(folder) {
        Some(run) => launch(&run, folder.to_path_buf()).map(Way::Run),
        None => Ok(Way::Cargo(folder.to_path_buf())),
    }
}

/// A script is given to the interpreter in its first line by hand: archives
/// lose the permission to execute, and Windows never had it. Without such a
/// line it is the shell's.
fn launch(run: &Path, folder: PathBuf) -> io::Result<Launch> {
    const MARK: &[u8] = b"\xef\xbb\xbf";
    let mut head = Vec::new();
    File::open(run)?.take(200).read_to_end(&mut head)?;
    let head = head.strip_prefix(MARK).unwrap_or(&head);
    let mut launch = Launch::of_program(run);
    launch.folder = Some(folder);
    if cfg!(windows) && run.extension().is_some() || is_binary(head) {
        return Ok(launch);
    }
    let first = String::from_utf8_lossy(head);
    let first = first.lines().next().unwrap_or_default();
    let words = first.strip_prefix("#!").unwrap_or("sh");
    let mut words = words.split_whitespace().peekable();
    let mut program = words.next().unwrap_or("sh");
    if Path::new(program)
        .file_name()
        .is_some_and(|name| name == "env")
    {
        // What `env` does: an option that splits its argument, or none.
        words.next_if_eq(&"-S");
        program = words.next().unwrap_or("sh");
    }
    launch.program = program.into();
    launch.arguments = words.map(OsString::from).collect();
    launch.arguments.push(run.into());
    launch.arguments.push(ADDRESS.into());
    Ok(launch)
}

/// Whether a file that begins like this is a program of the machine's own.
fn is_binary(head: &[u8]) -> bool {
    const KINDS: [&[u8]; 4] =
        [b"\x7fELF", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"MZ"];
    KINDS.iter().any(|kind| head.starts_with(kind))
}

#[cfg(test)]
mod tests {
    use super::*;
    use programs::Folder;

    #[test]
    fn moodles_names_are_the_students() {
        let moodle = "Ana Silva_123456_assignsubmission_file_";
        assert_eq!(student(moodle), "Ana Silva");
        assert_eq!(student("a_1_assignsubmission_onlinetext_"), "a");
        assert_eq!(student("grupo_12"), "grupo_12");
    }

    #[test]
    fn a_script_is_run_by_what_a_shell_would_take() {
        let folder = Folder::new("lab-run").expect("a folder");
        let run = folder.path().join("run");
        for (text, program, words) in [
            (
                &b"#!/usr/bin/env -S python3 -u\n"[..],
                "python3",
                &["-u"][..],
            ),
            (b"\xef\xbb\xbf#!/usr/bin/env python3\r\n", "python3", &[]),
            (b"#!/bin/bash -e\n", "/bin/bash", &["-e"]),
            (b"exec python3 server.py \"$1\"\n", "sh", &[]),
            (b"", "sh", &[]),
        ] {
            fs::write(&run, text).expect("write");
            let launch = launch(&run, "/".into()).expect("a launch");
            assert_eq!(launch.program, program);
            let mut wanted: Vec<OsString> =
                words.iter().map(OsString::from).collect();
            wanted.extend([run.clone().into(), ADDRESS.into()]);
            assert_eq!(launch.arguments, wanted);
        }
        fs::write(&run, b"\x7fELF\x02").expect("write");
        let launch = launch(&run, "/".into()).expect("a launch");
        assert_eq!(launch.program, run);
    }
}
