import type { ShopInstance, ShopJob, ShopMode, ShopSetups } from '../../../shared/scheduler/shop/index.ts'

export class FormatError extends Error {}

/** Reads numbers in turn; `what` names the item in the error when they run out. */
class Numbers {
  private at = 0
  private readonly values: readonly number[]

  constructor(values: readonly number[]) {
    this.values = values
  }

  next(what: string): number {
    const value = this.values[this.at++]
    if (value === undefined) throw new FormatError(`ends before ${what}`)
    return value
  }

  rest(): readonly number[] {
    return this.values.slice(this.at)
  }
}

/**
 * Reads a job shop (`jobs machines`, then `machine time` pairs; `#` comments), a flexible job shop (`jobs
 * machines [average]`, then per job `count (alternatives (machine time)*)*`), or the latter followed by one
 * operation-by-operation set-up matrix per machine. Machines may be numbered from 0 or from 1.
 */
export function parseShop(text: string): ShopInstance {
  const lines = text
    .split(/\r?\n/)
    .filter((line) => !line.trimStart().startsWith('#') && line.trim() !== '')
    .map((line) => line.trim().split(/\s+/).map(Number))
  if (lines.some((line) => line.some(Number.isNaN))) throw new FormatError('a word where a number should be')
  const head = lines[0]
  if (!head || head.length < 2 || head.length > 3) throw new FormatError('no "jobs machines" line')
  const [jobCount, machines] = [head[0]!, head[1]!]
  if (!(jobCount > 0) || !(machines > 0)) throw new FormatError('no jobs or no machines')
  const body = lines.slice(1).flat()
  const plain = lines.length === jobCount + 1 && lines.slice(1).every((line) => line.length === 2 * machines)
  if (plain && body.length === 2 * jobCount * machines) {
    const attempt = tryFlexible(body, jobCount, machines)
    if (!attempt) return parsePlain(body, jobCount, machines)
    return attempt
  }
  return parseFlexible(new Numbers(body), jobCount, machines)
}

function tryFlexible(body: readonly number[], jobs: number, machines: number): ShopInstance | null {
  try {
    const numbers = new Numbers(body)
    const shop = parseFlexible(numbers, jobs, machines)
    return numbers.rest().length === 0 ? shop : null
  } catch (error) {
    if (error instanceof FormatError) return null
    throw error
  }
}

function parsePlain(body: readonly number[], jobCount: number, machines: number): ShopInstance {
  const numbers = new Numbers(body)
  const jobs: ShopJob[] = []
  for (let j = 0; j < jobCount; j++) {
    const operations = []
    for (let i = 0; i < machines; i++) {
      operations.push({ modes: [{ machine: numbers.next('a machine'), duration: numbers.next('a time') }] })
    }
    jobs.push({ operations })
  }
  return fromZero({ machines, jobs })
}

function parseFlexible(numbers: Numbers, jobCount: number, machines: number): ShopInstance {
  const jobs: ShopJob[] = []
  let total = 0
  for (let j = 0; j < jobCount; j++) {
    const operations = []
    const count = numbers.next(`the operations of job ${j}`)
    for (let i = 0; i < count; i++) {
      const alternatives = numbers.next(`the alternatives of operation ${i} of job ${j}`)
      if (!Number.isInteger(alternatives) || alternatives < 1 || alternatives > machines) {
        throw new FormatError(`${alternatives} alternatives for operation ${i} of job ${j}`)
      }
      const modes: ShopMode[] = []
      for (let o = 0; o < alternatives; o++) {
        modes.push({ machine: numbers.next('a machine'), duration: numbers.next('a time') })
      }
      operations.push({ modes, group: total++ })
    }
    jobs.push({ operations })
  }
  const rest = numbers.rest()
  if (rest.length === 0) return fromZero({ machines, jobs })
  if (rest.length !== machines * total * total) throw new FormatError(`${rest.length} numbers too many`)
  const between: Int32Array[] = []
  for (let k = 0; k < machines; k++)
    between.push(Int32Array.from(rest.slice(k * total * total, (k + 1) * total * total)))
  const setups: ShopSetups = { groups: total, between }
  return fromZero({ machines, jobs, setups })
}

/** Renumbers machines from 0 where the file counts from 1. */
function fromZero(shop: ShopInstance): ShopInstance {
  const used = shop.jobs.flatMap((job) => job.operations.flatMap((o) => o.modes.map((mode) => mode.machine)))
  const low = used.reduce((a, b) => Math.min(a, b), Number.MAX_SAFE_INTEGER)
  const high = used.reduce((a, b) => Math.max(a, b), 0)
  if (low < 0 || high > shop.machines || (low === 0 && high === shop.machines)) {
    throw new FormatError(`machines ${low} … ${high} of ${shop.machines}`)
  }
  const shift = high === shop.machines || (low > 0 && shop.setups) ? 1 : 0
  if (shift === 0) return shop
  const jobs = shop.jobs.map((job) => ({
    ...job,
    operations: job.operations.map((operation) => ({
      ...operation,
      modes: operation.modes.map((mode) => ({ ...mode, machine: mode.machine - 1 })),
    })),
  }))
  return { ...shop, jobs }
}

/** Singer-Pinedo rule: due = floor(factor × work), weights 4 / 2 / 1 for 20 / 60 / 20 % of the jobs, at most `jobs` jobs. */
export function withSingerPinedoDates(shop: ShopInstance, factor: number, jobs: number): ShopInstance {
  const kept = shop.jobs.slice(0, jobs)
  const high = Math.round(kept.length * 0.2)
  const low = Math.round(kept.length * 0.8)
  return {
    ...shop,
    jobs: kept.map((job, j) => {
      const work = job.operations.reduce((sum, operation) => sum + operation.modes[0]!.duration, 0)
      // Tenths keep the product exact: 1.3 × 460 must not become 597.999….
      const due = Math.floor((Math.round(factor * 10) * work) / 10)
      return { ...job, due, weight: j < high ? 4 : j < low ? 2 : 1 }
    }),
  }
}
