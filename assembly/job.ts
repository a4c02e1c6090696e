// A job: which kernel, over how many tiles, with which fields (the job classes beside the kernels). The orchestrator writes it
// into a fixed place of the memory that all threads see; every thread that takes a chunk of it calls the kernel from here. A
// job may be a list of programs, each a list of jobs that one thread runs whole.
import { runKernel } from "./dispatch.gen";
import { Address } from "./fields";
import { JOB, JOB_FIELDS, JOB_SIZE, JOB_TILES, PROGRAM_END } from "./memory-map";

/** Runs tiles [begin, end) of the published job, with `scratch` of the calling thread. */
export function runPublished(scratch: usize, begin: i32, end: i32): void {
  runJob(JOB, scratch, begin, end);
}

/** Runs tiles [begin, end) of the job at `job`. */
function runJob(job: usize, scratch: usize, begin: i32, end: i32): void {
  runKernel(load<i32>(job), job + JOB_FIELDS, scratch, begin, end);
}

@unmanaged
export class ProgramsJob {
  /** Byte address of program 0, and bytes from one to the next. */
  first: Address;
  stride: i32;
}

/** Runs the jobs of each program up to PROGRAM_END, one after the other with all their tiles. A tile is one program. */
export function programs(job: ProgramsJob, scratch: usize, begin: i32, end: i32): void {
  const first = job.first;
  const stride = job.stride;
  for (let i = begin; i < end; i++) {
    for (let each = first + i * stride; load<i32>(each) != PROGRAM_END; each += JOB_SIZE) {
      runJob(each, scratch, 0, load<i32>(each + JOB_TILES));
    }
  }
}
