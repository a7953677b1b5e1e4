import { parentPort, receiveMessageOnPort } from 'node:worker_threads'
import { compareScores, createSolver } from '../../../shared/scheduler/index.ts'
import type { Elite, Score, Solver } from '../../../shared/scheduler/index.ts'
import { readClock } from './clock.ts'
import type { BeltReply, BeltWorkerRequest } from './belt-portfolio.ts'

const exchangeEveryMs = 200
const stepsPerTurn = 4

parentPort!.on('message', (request: BeltWorkerRequest) => parentPort!.postMessage(run(request)))

function run(request: BeltWorkerRequest): BeltReply {
  const now = readClock(request.clock)
  const begin = now()
  const { problem, seed, iterations } = request
  const solver =
    iterations === undefined
      ? createSolver(problem, { seed, timeMs: request.seconds * 1000, now })
      : createSolver(problem, { seed, iterations })
  if (iterations === undefined) race(solver, request, now)
  else keepStep(solver, request)
  request.partner?.close()
  return { plan: solver.plan(), iterations: solver.progress().iterations, seconds: (now() - begin) / 1000 }
}

/** Trades elites now and then; neither side ever waits for the other. */
function race(solver: Solver, { problem, partner }: BeltWorkerRequest, now: () => number): void {
  let sent: Score | null = null
  let traded = now()
  while (solver.step()) {
    const at = now()
    if (!partner || at - traded < exchangeEveryMs) continue
    traded = at
    for (let got = receiveMessageOnPort(partner); got; got = receiveMessageOnPort(partner))
      solver.importElite(got.message as Elite)
    const { score } = solver.progress()
    if (sent && compareScores(score, sent, problem.objective) >= 0) continue
    sent = score
    partner.postMessage(solver.exportElite())
  }
}

/** Trades elites after every so many steps, each side waiting for the other: the same result every time. */
function keepStep(solver: Solver, { partner, turns, lane }: BeltWorkerRequest): void {
  const other = 1 - lane
  let turn = 0
  for (let steps = 1; solver.step(); steps++) {
    if (!partner || steps % stepsPerTurn !== 0) continue
    partner.postMessage(solver.exportElite())
    Atomics.store(turns, lane, ++turn)
    Atomics.notify(turns, lane)
    for (let seen = Atomics.load(turns, other); seen < turn; seen = Atomics.load(turns, other))
      Atomics.wait(turns, other, seen)
    const got = receiveMessageOnPort(partner)
    if (got) solver.importElite(got.message as Elite)
  }
  Atomics.store(turns, lane, 0x7fffffff)
  Atomics.notify(turns, lane)
}
