//! RabbitMQ's clients.

use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::future::try_join_all;
use lapin::options::{
    BasicAckOptions, BasicConsumeOptions, BasicPublishOptions, BasicQosOptions,
    ConfirmSelectOptions, QueueDeclareOptions, QueueDeleteOptions,
};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{
    BasicProperties, Channel, Connection, ConnectionProperties, Consumer,
    PublisherConfirm,
};
use tokio::sync::mpsc;
use tokio::{runtime, time};

use super::mqtt::unique_name;
use super::{MESSAGE, PATIENCE, closed_loop};
use crate::fallible::Fallible;
use crate::statistics::Latencies;

/// How a message is published.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Publishing {
    /// Sent, and no more: the broker says nothing.
    Plain,
    /// The broker confirms each; so many may wait for that.
    Confirmed(usize),
    /// The same, and the broker confirms what it has on disk.
    Persistent(usize),
}

/// A queue of our own, and a channel that publishes to it.
pub struct Publisher {
    runtime: runtime::Runtime,
    connection: Connection,
    channel: Channel,
    queue: String,
    how: Publishing,
    /// How many messages the queue has got.
    published: u32,
}

impl Publisher {
    /// Connects to a broker and declares a new queue.
    pub fn connect(
        url: &str,
        queue: &str,
        how: Publishing,
    ) -> Fallible<Publisher> {
        let runtime = runtime()?;
        let (connection, channel) = wait(&runtime, async {
            let (connection, channel) = open(url).await?;
            declare(&channel, queue, is_persistent(how)).await?;
            if how != Publishing::Plain {
                let options = ConfirmSelectOptions::default();
                channel.confirm_select(options).await?;
            }
            Ok((connection, channel))
        })?;
        Ok(Publisher {
            runtime,
            connection,
            channel,
            queue: queue.into(),
            how,
            published: 0,
        })
    }

    /// Publishes messages, and gives how long it took until the broker had
    /// them all.
    pub fn publish(
        &mut self,
        payload: &[u8],
        count: u32,
    ) -> Fallible<Duration> {
        self.published += count;
        wait(&self.runtime, async {
            let start = Instant::now();
            match self.how {
                Publishing::Plain => {
                    for _ in 0..count {
                        self.send(payload, 1).await?;
                    }
                    self.wait_for_all().await?;
                }
                Publishing::Confirmed(window) => {
                    self.send_and_confirm(payload, count, window, 1).await?;
                }
                Publishing::Persistent(window) => {
                    self.send_and_confirm(payload, count, window, 2).await?;
                }
            }
            Ok(start.elapsed())
        })
    }

    async fn send_and_confirm(
        &self,
        payload: &[u8],
        count: u32,
        window: usize,
        mode: u8,
    ) -> lapin::Result<()> {
        let mut unconfirmed = VecDeque::with_capacity(window);
        for _ in 0..count {
            if unconfirmed.len() == window {
                confirm(&mut unconfirmed).await?;
            }
            unconfirmed.push_back(self.send(payload, mode).await?);
        }
        while !unconfirmed.is_empty() {
            confirm(&mut unconfirmed).await?;
        }
        Ok(())
    }

    async fn send(
        &self,
        payload: &[u8],
        mode: u8,
    ) -> lapin::Result<PublisherConfirm> {
        send(&self.channel, &self.queue, payload, mode).await
    }

    /// Nobody says when the broker has what it does not confirm.
    async fn wait_for_all(&self) -> lapin::Result<()> {
        while self.count().await? < self.published {}
        Ok(())
    }

    /// How many messages are in the queue.
    async fn count(&self) -> lapin::Result<u32> {
        let options = QueueDeclareOptions {
            passive: true, // only asks
            ..QueueDeclareOptions::default()
        };
        let queue = self.queue.as_str().into();
        let arguments = FieldTable::default();
        let queue = self
            .channel
            .queue_declare(queue, options, arguments)
            .await?;
        Ok(queue.message_count())
    }
}

impl Drop for Publisher {
    fn drop(&mut self) {
        // The broker may have gone; then so has its queue.
        let _ = wait(&self.runtime, async {
            delete(&self.channel, &self.queue).await?;
            self.connection.close(200, "".into()).await?;
            Ok(())
        });
    }
}

/// What consumers have done.
pub struct Consumption {
    /// From the first job's publishing to the last one's acknowledgement.
    pub elapsed: Duration,
    /// How many jobs each consumer did.
    pub shares: Vec<usize>,
}

/// Publishes jobs to a queue where consumers wait, each with a connection of
/// its own; each takes one job at a time and works on it for so long.
pub fn consume(
    url: &str,
    consumers: usize,
    jobs: usize,
    work: Duration,
) -> Fallible<Consumption> {
    let runtime = runtime()?;
    wait(&runtime, async {
        let queue = unique_name();
        let (connection, channel) = open(url).await?;
        declare(&channel, &queue, true).await?;

        let (done, mut acknowledged) = mpsc::unbounded_channel();
        for index in 0..consumers {
            let (connection, channel) = open(url).await?;
            // A job that is not acknowledged yet keeps others away.
            channel.basic_qos(1, BasicQosOptions::default()).await?;
            let options = BasicConsumeOptions::default();
            let mut messages = subscribe(&channel, &queue, options).await?;
            let done = done.clone();
            tokio::spawn(async move {
                while let Some(Ok(message)) = messages.next().await {
                    time::sleep(work).await;
                    let acked = message.ack(BasicAckOptions::default()).await;
                    if acked.is_err() || done.send(index).is_err() {
                        break;
                    }
                }
                let _ = connection.close(200, "".into()).await;
            });
        }

        let start = Instant::now();
        let publishing = (0..jobs).map(|_| send(&channel, &queue, b"21.57", 2));
        try_join_all(publishing).await?;
        let mut shares = vec![0; consumers];
        for _ in 0..jobs {
            let index = acknowledged.recv().await;
            shares[index.ok_or("um consumidor perdeu a ligação")?] += 1;
        }
        let elapsed = start.elapsed();

        // This ends the consumers too.
        delete(&channel, &queue).await?;
        connection.close(200, "".into()).await?;
        Ok(Consumption { elapsed, shares })
    })
}

/// One message at a time, to the broker, through a queue, and back.
pub fn round_trips(url: &str, time: Duration) -> Fallible<Latencies> {
    let runtime = runtime()?;
    let queue = unique_name();
    let (connection, channel, mut messages) = wait(&runtime, async {
        let (connection, channel) = open(url).await?;
        declare(&channel, &queue, false).await?;
        let options = BasicConsumeOptions {
            no_ack: true,
            ..BasicConsumeOptions::default()
        };
        let messages = subscribe(&channel, &queue, options).await?;
        Ok((connection, channel, messages))
    })?;
    let latencies = closed_loop(time, || {
        wait(&runtime, async {
            send(&channel, &queue, &MESSAGE, 1).await?;
            messages.next().await.ok_or("o broker fechou a fila")??;
            Ok(())
        })
    })?;
    wait(&runtime, async {
        delete(&channel, &queue).await?;
        connection.close(200, "".into()).await?;
        Ok(())
    })?;
    Ok(latencies)
}

fn runtime() -> io::Result<runtime::Runtime> {
    runtime::Builder::new_current_thread().enable_all().build()
}

fn wait<T>(
    runtime: &runtime::Runtime,
    work: impl Future<Output = Fallible<T>>,
) -> Fallible<T> {
    runtime.block_on(async {
        let late = "o RabbitMQ deixou de responder";
        time::timeout(PATIENCE, work).await.map_err(|_| late)?
    })
}

async fn open(url: &str) -> Fallible<(Connection, Channel)> {
    let options = ConnectionProperties::default();
    let connection = Connection::connect(url, options).await?;
    let channel = connection.create_channel().await?;
    Ok((connection, channel))
}

fn is_persistent(how: Publishing) -> bool {
    matches!(how, Publishing::Persistent(_))
}

/// A queue that is kept on disk is what the lessons declare: a quorum queue.
async fn declare(
    channel: &Channel,
    queue: &str,
    on_disk: bool,
) -> lapin::Result<()> {
    let mut arguments = FieldTable::default();
    let options = if on_disk {
        let kind = AMQPValue::LongString("quorum".into());
        arguments.insert("x-queue-type".into(), kind);
        QueueDeclareOptions::durable()
    } else {
        QueueDeclareOptions::default()
    };
    channel
        .queue_declare(queue.into(), options, arguments)
        .await?;
    Ok(())
}

async fn subscribe(
    channel: &Channel,
    queue: &str,
    options: BasicConsumeOptions,
) -> lapin::Result<Consumer> {
    let arguments = FieldTable::default();
    channel
        .basic_consume(queue.into(), "".into(), options, arguments)
        .await
}

async fn delete(channel: &Channel, queue: &str) -> lapin::Result<()> {
    let options = QueueDeleteOptions::default();
    channel.queue_delete(queue.into(), options).await?;
    Ok(())
}

async fn send(
    channel: &Channel,
    queue: &str,
    payload: &[u8],
    mode: u8,
) -> lapin::Result<PublisherConfirm> {
    let options = BasicPublishOptions::default();
    let properties = BasicProperties::default().with_delivery_mode(mode);
    channel
        .basic_publish("".into(), queue.into(), options, payload, properties)
        .await
}

async fn confirm(
    unconfirmed: &mut VecDeque<PublisherConfirm>,
) -> lapin::Result<()> {
    if let Some(first) = unconfirmed.pop_front() {
        let confirmation = first.await?;
        if !confirmation.is_ack() {
            let what = "o broker recusou uma mensagem";
            return Err(io::Error::other(what).into());
        }
    }
    Ok(())
}
