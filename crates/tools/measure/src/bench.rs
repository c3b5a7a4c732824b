//! What a claim measures with: the servers, the rounds, and the progress.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use rabbitmq::{Broker, RabbitMq};
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use tokio::runtime::Runtime;

use crate::fallible::Fallible;
use crate::lessons::workspace;
use crate::progress::Progress;
use crate::python::Python;
use crate::servers::Server;

pub struct Bench {
    /// Every program that was built, by its name.
    pub programs: BTreeMap<String, PathBuf>,
    /// Where Python was asked for.
    pub python: Option<Python>,
    /// Only to see that all works: few and short runs.
    pub quick: bool,
    /// What is drawn by lot, which the seed repeats.
    pub random: StdRng,
    pub progress: Progress,
    /// For the loads of many connections; one thread.
    pub runtime: Runtime,
    /// Started for the first claim that asks, and ended after the last one; or
    /// why there is none.
    pub rabbitmq: Option<Result<RabbitMq, String>>,
}

impl Bench {
    /// The command of a lesson, or of the tool's own server.
    pub fn command(&self, name: &str) -> Fallible<Command> {
        let path = self
            .programs
            .get(name)
            .ok_or_else(|| format!("{name} não foi compilado"))?;
        Ok(Command::new(path))
    }

    /// Starts a lesson's server, or the tool's own, on a free port.
    pub fn serve(&self, name: &str) -> Fallible<Server> {
        let mut command = self.command(name)?;
        command.arg("127.0.0.1:0");
        Server::start(name, command)
    }

    /// Starts a Python program, `python/NAME.py`, on a free port; `None` where
    /// Python was not asked for.
    pub fn serve_python(&self, name: &str) -> Fallible<Option<Server>> {
        let Some(python) = &self.python else {
            return Ok(None);
        };
        let mut command = python.command(name);
        command.arg("127.0.0.1:0");
        Server::start(name, command).map(Some)
    }

    /// The broker of all the claims that need one. It keeps what it keeps on a
    /// disk, because that has its price.
    pub fn rabbitmq(&mut self) -> Fallible<&RabbitMq> {
        let started = self.rabbitmq.get_or_insert_with(|| {
            let target = workspace().map_err(|error| error.to_string())?;
            Broker::new()
                .inside(&target.join("target"))
                .start()
                .map_err(|error| error.to_string())
        });
        started.as_ref().map_err(|why| why.clone().into())
    }

    /// So many rounds, or the few that show that all works.
    pub fn rounds(&self, usual: usize) -> usize {
        if self.quick { usual.min(2) } else { usual }
    }

    /// So much time for a run, or the little that shows that all works.
    pub fn time(&self, usual: Duration) -> Duration {
        if self.quick { usual / 5 } else { usual }
    }

    /// Measures the contenders several times, and gives the results of each.
    /// Every round takes each of them once, in an order drawn by lot, so that
    /// what slows the machine for a while slows none of them alone.
    pub fn interleave<C, R>(
        &mut self,
        rounds: usize,
        contenders: &mut [C],
        name: impl Fn(&C) -> String,
        mut measure: impl FnMut(&mut Bench, &mut C) -> Fallible<R>,
    ) -> Fallible<Vec<Vec<R>>> {
        let rounds = self.rounds(rounds);
        let mut results: Vec<Vec<R>> = Vec::new();
        results.resize_with(contenders.len(), Vec::new);
        let mut order: Vec<usize> = (0..contenders.len()).collect();
        for round in 1..=rounds {
            order.shuffle(&mut self.random);
            for &index in &order {
                let contender = &mut contenders[index];
                let name = name(contender);
                self.progress
                    .step(&format!("ronda {round} de {rounds}: {name}"));
                let result = measure(self, contender)
                    .map_err(|error| format!("{name}: {error}"))?;
                results[index].push(result);
            }
        }
        Ok(results)
    }
}
