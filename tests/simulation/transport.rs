//! The ends of the simulated path, for the instrument to hold.

use std::cell::RefCell;
use std::future::poll_fn;
use std::rc::Rc;

use async_trait::async_trait;
use weighbridge::transport::{
    Arrival, Collector, Consumer, Delivery, Frame, GeneratorEnd, Outcomes, Producer, Reply, Responder,
    Transport, TransportError, Troubles, WorkerEnd,
};
use weighbridge_record::terms::CompletedBy;

use crate::links::End;
use crate::publishing::GeneratorSide;
use crate::world::World;

thread_local! {
    /// The world of the run on this thread: a transport may be sent to other threads, and a world may not.
    static CURRENT: RefCell<Option<Rc<World>>> = const { RefCell::new(None) };
}

/// Puts a world in place, or takes it away.
pub fn enter(world: Option<Rc<World>>) {
    CURRENT.set(world);
}

fn current() -> Rc<World> {
    CURRENT.with_borrow(|world| world.as_ref().map(Rc::clone)).expect("a run on this thread")
}

pub struct Simulated;

struct Publishing {
    world: Rc<World>,
    generator: u32,
}

struct Working {
    world: Rc<World>,
    worker: u32,
}

struct Collecting(Rc<World>);

#[async_trait(?Send)]
impl Transport for Simulated {
    async fn prepare(&self, _longest_body_bytes: usize) -> Result<(), TransportError> {
        Ok(())
    }

    /// Generators connect one after the other, the first one first.
    async fn generator(
        &self,
        index: u32,
        outcomes: Rc<dyn Outcomes>,
        troubles: &Troubles,
    ) -> Result<GeneratorEnd, TransportError> {
        let world = current();
        for connection in 0..world.case.load.connections {
            world.connect(End::Generator { generator: index, connection }, troubles);
        }
        world.generators.borrow_mut().push(GeneratorSide::new(outcomes));
        let collects = index == 0 && world.case.completed_by == CompletedBy::Result;
        let collector: Option<Box<dyn Collector>> = match collects {
            true => {
                world.connect(End::Collector, troubles);
                Some(Box::new(Collecting(Rc::clone(&world))))
            }
            false => None,
        };
        Ok(GeneratorEnd { producer: Box::new(Publishing { world, generator: index }), collector })
    }

    async fn worker(&self, index: u32, troubles: &Troubles) -> Result<WorkerEnd, TransportError> {
        let world = current();
        world.connect(End::Worker(index), troubles);
        let consumer = Box::new(Working { world: Rc::clone(&world), worker: index });
        Ok(WorkerEnd { consumer, responder: Rc::new(Working { world, worker: index }) })
    }
}

#[async_trait(?Send)]
impl Producer for Publishing {
    async fn send(&mut self, batch: &mut Vec<Frame>) -> Result<(), TransportError> {
        self.world.publish(self.generator, batch);
        Ok(())
    }
}

#[async_trait(?Send)]
impl Consumer for Working {
    async fn receive(&mut self, max: usize, into: &mut Vec<Delivery>) -> Result<(), TransportError> {
        poll_fn(|context| self.world.receive(self.worker, max, into, context)).await;
        Ok(())
    }
}

#[async_trait(?Send)]
impl Responder for Working {
    async fn reply(&self, replies: &mut Vec<Reply>) -> Result<(), TransportError> {
        self.world.reply(self.worker, replies);
        Ok(())
    }
}

#[async_trait(?Send)]
impl Collector for Collecting {
    async fn receive(&mut self, max: usize, into: &mut Vec<Arrival>) -> Result<(), TransportError> {
        poll_fn(|context| self.0.collect(max, into, context)).await;
        Ok(())
    }
}
