import { parentPort, receiveMessageOnPort } from 'node:worker_threads'
import { compareScores, createSolver } from '../../../shared/scheduler/index.ts'
import type { Elite, Score } from '../../../shared/scheduler/index.ts'
import type { BeltReply, BeltWorkerRequest } from './belt-portfolio.ts'

const exchangeEveryMs = 200

parentPort!.on('message', (request: BeltWorkerRequest) => parentPort!.postMessage(run(request)))

function run({ problem, seed, seconds, clock, partner }: BeltWorkerRequest): BeltReply {
  const now = clock === 'cpu' ? cpuMs : () => performance.now()
  const begin = now()
  const solver = createSolver(problem, { seed, timeMs: seconds * 1000, now })
  let sent: Score | null = null
  let traded = begin
  const trade = (): void => {
    if (!partner) return
    for (let got = receiveMessageOnPort(partner); got; got = receiveMessageOnPort(partner))
      solver.importElite(got.message as Elite)
    const { score } = solver.progress()
    if (sent && compareScores(score, sent, problem.objective) >= 0) return
    sent = score
    partner.postMessage(solver.exportElite())
  }
  while (solver.step()) {
    const at = now()
    if (at - traded < exchangeEveryMs) continue
    traded = at
    trade()
  }
  const { iterations } = solver.progress()
  const plan = solver.plan()
  partner?.close()
  return { plan, iterations, seconds: (now() - begin) / 1000 }
}

function cpuMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}
