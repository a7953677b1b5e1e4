import { Worker } from 'node:worker_threads'
import { compareScores } from '../../../shared/scheduler/index.ts'
import type { Plan, PlanEvent, Problem, RepairResult } from '../../../shared/scheduler/index.ts'
import { ask } from './ask.ts'
import type { Clock } from './clock.ts'

export interface RepairTask {
  problem: Problem
  plan: Plan
  events: readonly PlanEvent[]
  seed: number
  nowMin: number
  announced: readonly string[]
  timeMs: number
  clock: Clock
}

export interface RepairReply {
  result: RepairResult
  /** Milliseconds of the thread until its first feasible plan and until its last. */
  firstMs: number
  finalMs: number
}

/** Threads that repair the same plan from different seeds; the better answer counts. They live on, as those of the product do. */
export class RepairPair {
  private readonly workers: Worker[]

  constructor(lanes: number) {
    this.workers = Array.from(
      { length: Math.min(2, lanes) },
      () => new Worker(new URL('./repair-worker.ts', import.meta.url)),
    )
  }

  /** @returns the better result; the times are those of the thread that was later */
  async repair(task: RepairTask): Promise<RepairReply> {
    const replies = await Promise.all(
      this.workers.map((worker, lane) => ask<RepairReply>(worker, { ...task, seed: task.seed * 2 + lane })),
    )
    const { objective } = replies[0]!.result.problem
    const best = replies.reduce((a, b) =>
      compareScores(b.result.plan.score, a.result.plan.score, objective) < 0 ? b : a,
    )
    return {
      result: best.result,
      firstMs: Math.max(...replies.map((reply) => reply.firstMs)),
      finalMs: Math.max(...replies.map((reply) => reply.finalMs)),
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.terminate()))
  }
}
