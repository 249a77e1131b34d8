#pragma once

#include <napi.h>

namespace fewsound::binding {

// What the parts of the binding, one file each, put into the addon's exports.

/// Versions, devices, threads, the random generator, memory: what concerns the whole process.
void exposeProcess(const Napi::Object& exports);
/// Tensors from JavaScript's data and back, and what they are.
void exposeTensors(const Napi::Object& exports);
/// backward, gradients, grad and the recording of operations.
void exposeAutograd(const Napi::Object& exports);
/// operators (functions by name) and describeOperators().
void exposeOperators(const Napi::Object& exports);
/// callOperator('aten::name.overload', arguments): any ATen operator, through the dispatcher.
void exposeCallOperator(const Napi::Object& exports);
/// optionTables(): what options there are, with their limits, defaults, meanings and flags. The
/// TypeScript side is generated from it.
void exposeOptionTables(const Napi::Object& exports);
/// Models: create, describe, tensors, move, dispose; and what each family computes.
void exposeModels(const Napi::Object& exports);
/// Spline bases and mel filterbanks.
void exposeBases(const Napi::Object& exports);
/// The reconstruction loss, AdamW and schedules, for a training loop of one's own.
void exposeTraining(const Napi::Object& exports);
/// Trainers of networks, hypernetworks and classifiers behind one handle: create, step, run, state.
void exposeTrainers(const Napi::Object& exports);
/// What is measured of a recording alone: measurePitch and leastPitchSamples.
void exposeAudio(const Napi::Object& exports);
/// Metrics that take long: each a job on a thread of its own.
void exposeMetrics(const Napi::Object& exports);
/// createFilterResponses, listen and scaleInput.
void exposeAnalysis(const Napi::Object& exports);
/// Process groups and what their processes do together.
void exposeDistributed(const Napi::Object& exports);
/// createAbortFlag() and raiseAbort(flag)
void exposeJobs(const Napi::Object& exports);

}  // namespace fewsound::binding
