import { Worker } from 'node:worker_threads'
import type { ShopInstance, ShopObjective, ShopPlan } from '../../../shared/scheduler/shop/index.ts'
import { ask } from './ask.ts'
import type { Clock } from './clock.ts'

export interface SolveRequest {
  shop: ShopInstance
  objective: ShopObjective
  seed: number
  seconds: number
  clock: Clock
  /** Stop once this value is met (used with best-known optima). */
  target: number
}

export interface SolveReply {
  plan: ShopPlan
  lowerBound: number
  proven: boolean
  iterations: number
  seconds: number
}

export interface WorkerRequest extends SolveRequest {
  lane: number
  lanes: number
  /** One slot a lane: [version, value, order …, machine …]; writers bump the version before and after. */
  shared: Int32Array<SharedArrayBuffer>
}

/** Two (or more) worker threads that search the same instance and hand each other their best schedules. */
export class Portfolio {
  private readonly workers: Worker[]

  constructor(lanes: number) {
    this.workers = Array.from({ length: lanes }, () => new Worker(new URL('./worker.ts', import.meta.url)))
  }

  async solve(request: SolveRequest): Promise<SolveReply> {
    const n = request.shop.jobs.reduce((sum, job) => sum + job.operations.length, 0)
    const lanes = this.workers.length
    const shared = new Int32Array(new SharedArrayBuffer(4 * lanes * (2 + 2 * n)))
    const replies = await Promise.all(
      this.workers.map((worker, lane) =>
        ask<SolveReply>(worker, { ...request, lane, lanes, shared } satisfies WorkerRequest),
      ),
    )
    const best = replies.reduce((a, b) => (b.plan.value < a.plan.value ? b : a))
    return {
      plan: best.plan,
      lowerBound: Math.max(...replies.map((reply) => reply.lowerBound)),
      proven: replies.some((reply) => reply.proven),
      iterations: replies.reduce((sum, reply) => sum + reply.iterations, 0),
      seconds: Math.max(...replies.map((reply) => reply.seconds)),
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.terminate()))
  }
}
