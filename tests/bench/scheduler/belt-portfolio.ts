import { MessageChannel, Worker, type MessagePort } from 'node:worker_threads'
import { compareScores } from '../../../shared/scheduler/index.ts'
import type { Plan, Problem } from '../../../shared/scheduler/index.ts'
import { ask } from './ask.ts'
import type { Clock } from './clock.ts'

export interface BeltRequest {
  problem: Problem
  seed: number
  seconds: number
  clock: Clock
  /** A budget in trials of each worker instead: the result is then the same every time. */
  iterations?: number
}

export interface BeltWorkerRequest extends BeltRequest {
  partner: MessagePort | null
  lane: number
  /** Exchanges done so far, by lane. */
  turns: Int32Array<SharedArrayBuffer>
}

export interface BeltReply {
  plan: Plan
  iterations: number
  seconds: number
}

/** One or two worker threads that plan the same problem from different seeds and hand each other their best. */
export class BeltPortfolio {
  private readonly workers: Worker[]

  constructor(lanes: number) {
    this.workers = Array.from(
      { length: Math.min(2, lanes) },
      () => new Worker(new URL('./belt-worker.ts', import.meta.url)),
    )
  }

  async solve(request: BeltRequest): Promise<BeltReply> {
    const { port1, port2 } = new MessageChannel()
    const turns = new Int32Array(new SharedArrayBuffer(8))
    const ports = this.workers.length === 2 ? [port1, port2] : [null]
    const replies = await Promise.all(
      this.workers.map((worker, lane) => {
        const partner = ports[lane] ?? null
        const message: BeltWorkerRequest = { ...request, seed: request.seed * 2 + lane, partner, lane, turns }
        return ask<BeltReply>(worker, message, partner ? [partner] : [])
      }),
    )
    const better = (a: BeltReply, b: BeltReply): BeltReply =>
      compareScores(b.plan.score, a.plan.score, request.problem.objective) < 0 ? b : a
    return {
      ...replies.reduce(better),
      iterations: replies.reduce((sum, reply) => sum + reply.iterations, 0),
      seconds: Math.max(...replies.map((reply) => reply.seconds)),
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.terminate()))
  }
}
