//! Windows: job objects.

use std::io;
use std::os::windows::io::AsRawHandle;
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::sync::{Arc, Mutex, PoisonError};

use win32job::{ExtendedLimitInfo, Job};

use crate::live::MARK;

/// A job in which this process is, with all that it starts: the system ends
/// them when the last handle to it is closed, that is, with this process.
pub struct Guard(#[expect(dead_code, reason = "its handle stays open")] Job);

impl Guard {
    pub fn new() -> io::Result<Guard> {
        let job = job()?;
        job.assign_current_process()?;
        Ok(Guard(job))
    }

    pub fn watch<'a>(&mut self, _: impl Iterator<Item = &'a Tree>) {}

    /// Nobody is left to remove it.
    pub fn watch_folder(&mut self, _: &Path) {}
}

/// A job that ends with its last handle.
fn job() -> io::Result<Job> {
    let mut limits = ExtendedLimitInfo::new();
    limits.limit_kill_on_job_close();
    Ok(Job::create_with_limit_info(&limits)?)
}

/// A program and all that it started: a job inside the other one.
#[derive(Clone)]
pub struct Tree {
    id: u32,
    /// Gone where the program was ended.
    job: Arc<Mutex<Option<Job>>>,
}

impl Tree {
    pub fn spawn(command: &mut Command, _: u64) -> io::Result<(Child, Tree)> {
        command.env_remove(MARK);
        let mut child = command.spawn()?;
        let id = child.id();
        let assigned = job().and_then(|job| {
            job.assign_process(child.as_raw_handle() as isize)?;
            Ok(job)
        });
        match assigned {
            Ok(job) => {
                let job = Arc::new(Mutex::new(Some(job)));
                Ok((child, Tree { id, job }))
            }
            // It may have ended already.
            Err(_) if child.try_wait()?.is_some() => {
                let job = Arc::new(Mutex::new(None));
                Ok((child, Tree { id, job }))
            }
            Err(error) => {
                let _ = child.kill();
                Err(error)
            }
        }
    }

    pub fn id(&self) -> u32 {
        self.id
    }

    pub fn interrupt(&self) {
        self.end();
    }

    pub fn terminate(&self) {
        self.end();
    }

    pub fn strike(&self) {
        self.end();
    }

    pub fn end(&self) {
        let mut job = self.job.lock().unwrap_or_else(PoisonError::into_inner);
        *job = None;
    }

    pub fn others(&self) -> Vec<u32> {
        let job = self.job.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(Ok(ids)) = job.as_ref().map(Job::query_process_id_list) else {
            return Vec::new();
        };
        let ids = ids.into_iter().filter_map(|id| u32::try_from(id).ok());
        ids.filter(|id| *id != self.id).collect()
    }
}

pub fn ended(child: &mut Child) -> io::Result<Option<ExitStatus>> {
    child.try_wait()
}
