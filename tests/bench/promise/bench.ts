import { fork } from 'node:child_process'
import { cpSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createOrder } from '../../../electron/core/planning/report.ts'
import { loadProblem } from '../../../electron/core/planning/solve-job.ts'
import { startCore, tempDir, type TestCore } from '../../helpers/core.ts'
import { median } from '../figures.ts'

const TASKS = 500
const DAY_MS = 86_400_000
const WARM_CALLS = 15
const CALL_LIMIT_MS = 120_000

interface Answer {
  readonly ms: number
  /** What the thread itself worked for it, which other programs on the machine do not change. */
  readonly cpuMs: number
}

interface Sample {
  readonly first: Answer
  readonly warm: readonly Answer[]
  readonly afterChange: Answer
}

async function publishPlan(app: TestCore): Promise<void> {
  const { jobId } = await app.call('plan/start', { timeLimitMs: 3000, reason: 'bench' })
  const untilMs = Date.now() + CALL_LIMIT_MS
  while (!app.events.some((event) => event.kind === 'finished' && event.jobId === jobId)) {
    if (Date.now() > untilMs) throw new Error('the plan did not come')
    await new Promise((done) => setTimeout(done, 100))
  }
  const [head] = await app.call('plan/proposals', {})
  await app.call('plan/publish', { proposalId: head!.id, reason: 'bench' })
}

/** The demo belt with more orders, until there are 500 tasks, and a plan of them that stands. */
async function makeBelt(dataDir: string): Promise<number> {
  const app = startCore({ dataDir })
  try {
    await app.call('app/openDemo', {})
    const actor = app.core.actorOf(app.connection)
    const { services } = app.core
    const count = () => loadProblem(services, actor).built.problem.tasks.length
    const skus = await app.call('plan/skus', {})
    for (let made = 0, missing = TASKS - count(); missing > 0; missing = TASKS - count())
      services.transact(actor, (ctx) => {
        for (let i = 0; i < missing; i++, made++)
          createOrder(ctx, {
            skuId: skus[made % skus.length]!.id,
            quantity: 20 + ((made * 37) % 60),
            dueMs: ctx.nowMs + DAY_MS * (2 + (made % 11)),
            weight: 1,
          })
      })
    await publishPlan(app)
    return count()
  } finally {
    await app.close()
  }
}

/** In a process of its own, so that the first answer is really the first. */
async function answerQuestions(dataDir: string, open: boolean): Promise<Sample> {
  const app = startCore({ dataDir })
  try {
    const skus = await app.call('plan/skus', {})
    const ask = async (quantity: number): Promise<Answer> => {
      const startMs = performance.now()
      const startCpu = process.threadCpuUsage()
      const answer = await app.call('plan/promise', { skuId: skus[quantity % skus.length]!.id, quantity })
      if (answer.likely === null)
        throw new Error(`nothing can be promised: ${JSON.stringify(answer.reasons)}`)
      const { user, system } = process.threadCpuUsage(startCpu)
      return { ms: performance.now() - startMs, cpuMs: (user + system) / 1000 }
    }
    if (open) await app.call('plan/promiseReady', {})
    const first = await ask(40)
    const warm: Answer[] = []
    for (let call = 0; call < WARM_CALLS; call++) warm.push(await ask(41 + call))
    await app.call('plan/order', {
      skuId: skus[0]!.id,
      quantity: 30,
      dueMs: (await app.call('app/state', {})).nowMs + 9 * DAY_MS,
    })
    return { first, warm, afterChange: await ask(60) }
  } finally {
    await app.close()
  }
}

function inOwnProcess(dataDir: string, open: boolean): Promise<Sample> {
  const child = fork(import.meta.filename, [dataDir, open ? 'open' : ''])
  return new Promise((done, failed) => {
    child.once('message', (sample) => done(sample as Sample))
    child.once('exit', (code) => failed(new Error(`the measuring process ended with ${code}`)))
  })
}

/** What a person waits for on the telephone: from the question to the earliest pick-up, at 500 tasks. */
export async function run(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: { json: { type: 'boolean' }, runs: { type: 'string', default: '5' } },
  })
  const folder = tempDir('chanbo-promise-')
  try {
    const belt = join(folder, 'belt')
    const tasks = await makeBelt(belt)
    const samples = { closed: [] as Sample[], open: [] as Sample[] }
    for (let turn = 0; turn < Number(values.runs); turn++)
      for (const [name, list] of Object.entries(samples)) {
        const copy = join(folder, `${name}-${turn}`)
        cpSync(belt, copy, { recursive: true })
        list.push(await inOwnProcess(copy, name === 'open'))
      }
    const answers: Record<string, readonly Answer[]> = {
      'first question of the process': samples.closed.map(({ first }) => first),
      'first question after the screen has opened': samples.open.map(({ first }) => first),
      'further questions': samples.open.flatMap(({ warm }) => warm),
      'after a change of the belt': samples.open.map(({ afterChange }) => afterChange),
    }
    const rows = [
      { case: 'belt', metric: 'tasks', value: tasks, unit: 'tasks' },
      ...Object.entries(answers).flatMap(([name, list]) => [
        { case: name, metric: 'median_ms', value: Math.round(median(list.map(({ ms }) => ms))), unit: 'ms' },
        {
          case: name,
          metric: 'max_ms',
          value: Math.round(Math.max(...list.map(({ ms }) => ms))),
          unit: 'ms',
        },
        {
          case: name,
          metric: 'median_cpu_ms',
          value: Math.round(median(list.map(({ cpuMs }) => cpuMs))),
          unit: 'ms',
        },
      ]),
    ]
    for (const row of rows)
      console.log(
        values.json
          ? JSON.stringify({ bench: 'promise', ...row })
          : `${row.case.padEnd(44)} ${row.metric.padEnd(14)} ${row.value} ${row.unit}`,
      )
    return 0
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

if (process.send) {
  const [dataDir, open] = process.argv.slice(2)
  process.send(await answerQuestions(dataDir!, open === 'open'))
  process.disconnect()
}
