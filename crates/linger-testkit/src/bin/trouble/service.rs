//! The service: as people write it, on a runtime or without one.

use crate::{say, stage, tell};
use linger::linger_coordinator::{Coordinator, Report};
use linger_testkit::trouble::{Driver, Plan};
use serde_json::json;
use std::error::Error;
use std::process::{ExitCode, Termination as _};
use tokio::runtime::Builder;

pub(crate) fn run(plan: Plan) -> Result<ExitCode, Box<dyn Error>> {
    let mut builder = match plan.driver {
        Driver::CurrentThread => Builder::new_current_thread(),
        Driver::MultiThread => {
            let mut builder = Builder::new_multi_thread();
            builder.worker_threads(2);
            builder
        }
        _ => {
            let stop = start(plan)?;
            let report = stop.wait_blocking();
            tell_of(&report);
            return Ok(report.report());
        }
    };
    let leaves_runtime = plan.leaves_runtime;
    let runtime = builder.build()?;
    let report = runtime.block_on(serve(plan))?;
    if leaves_runtime {
        runtime.shutdown_background();
    } else {
        drop(runtime);
    }
    Ok(report.report())
}

async fn serve(plan: Plan) -> Result<Report, Box<dyn Error>> {
    let waits_on_worker = plan.waits_on_worker;
    let stop = start(plan)?;
    let wait = async move {
        let report = stop.wait().await;
        tell_of(&report);
        report
    };
    match waits_on_worker {
        true => Ok(tokio::spawn(wait).await?),
        false => Ok(wait.await),
    }
}

fn start(plan: Plan) -> Result<Coordinator, Box<dyn Error>> {
    say("starting");
    let stop = Coordinator::builder()
        .phases(plan.phases())
        .budget(plan.budget)
        .on_signals()
        .owns_process()
        .start()?;
    say("started");
    stage::set(&stop, plan)?;
    Ok(stop)
}

fn tell_of(report: &Report) {
    tell(&json!({ "event": "report", "report": report }));
}
