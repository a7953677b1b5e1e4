/** One way to run an operation: a machine (from 0) and the whole minutes it takes there. */
export interface ShopMode {
  machine: number
  duration: number
}

export interface ShopOperation {
  modes: readonly ShopMode[]
  /** Set-up group of the operation; needed only when the shop has set-ups. */
  group?: number
}

/** A chain of operations, run in order. */
export interface ShopJob {
  operations: readonly ShopOperation[]
  /** Earliest start of the first operation, default 0. */
  release?: number
  /** Used by the weighted-tardiness objective only. */
  due?: number
  weight?: number
}

/** Sequence-dependent set-up minutes, by machine and group. */
export interface ShopSetups {
  groups: number
  /** `between[machine][from * groups + to]` */
  between: readonly ArrayLike<number>[]
  /** `initial[machine][to]`: before the first operation of a machine; none when absent. */
  initial?: readonly ArrayLike<number>[]
}

/** A pure (flexible) job shop: single-capacity machines, always open, chains of operations. */
export interface ShopInstance {
  machines: number
  jobs: readonly ShopJob[]
  setups?: ShopSetups
}

export type ShopObjective = 'makespan' | 'weighted-tardiness'

/**
 * The same instance on typed arrays. Operations are numbered 0 … n−1, job by job; index n stands for
 * "none" in every link array, with duration, head and tail 0.
 */
export interface CompiledShop {
  n: number
  m: number
  jobs: number
  jobOf: Int32Array
  /** First operation of each job; entry `jobs` is n. */
  jobStart: Int32Array
  /** Job predecessor; n + 1 + j for the first operation of job j, a source that ends at its release. */
  jobPred: Int32Array
  /** Job successor, n for none. */
  jobSucc: Int32Array
  /** Release by job. */
  release: Int32Array
  due: Int32Array
  weight: Int32Array
  modeStart: Int32Array
  modeMachine: Int32Array
  modeDuration: Int32Array
  /** `durationOn[u * m + k]`, −1 where machine k cannot run u. */
  durationOn: Int32Array
  flexible: boolean
  hasSetups: boolean
  /** Row and column count of one machine's matrix: groups + 1, the last one standing for "none". */
  setupStride: number
  group: Int32Array
  setup: Int32Array
}

function checkMinutes(value: number, what: string): number {
  if (!Number.isInteger(value) || value < 0 || value > 1_000_000_000)
    throw new RangeError(`${what}: ${value}`)
  return value
}

/** Throws RangeError on a malformed shop (no mode, unknown machine, negative or fractional minutes). */
export function compileShop(instance: ShopInstance): CompiledShop {
  const m = instance.machines
  const jobs = instance.jobs.length
  const n = instance.jobs.reduce((sum, job) => sum + job.operations.length, 0)
  const jobOf = new Int32Array(n + 1).fill(-1)
  const jobStart = new Int32Array(jobs + 1)
  const jobPred = new Int32Array(n + 1).fill(n)
  const jobSucc = new Int32Array(n + 1).fill(n)
  const release = new Int32Array(jobs)
  const due = new Int32Array(jobs)
  const weight = new Int32Array(jobs)
  const modeStart = new Int32Array(n + 1)
  const modeMachine: number[] = []
  const modeDuration: number[] = []
  const durationOn = new Int32Array((n + 1) * m).fill(-1)
  const setups = instance.setups
  const groups = setups?.groups ?? 0
  const group = new Int32Array(n + 1).fill(groups)
  let flexible = false
  let u = 0
  for (const [j, job] of instance.jobs.entries()) {
    if (job.operations.length === 0) throw new RangeError(`job ${j} has no operation`)
    jobStart[j] = u
    due[j] = job.due === undefined ? 0x3fffffff : Math.min(0x3fffffff, job.due)
    release[j] = checkMinutes(job.release ?? 0, `release of job ${j}`)
    weight[j] = checkMinutes(job.weight ?? 1, `weight of job ${j}`)
    for (const [i, operation] of job.operations.entries()) {
      jobOf[u] = j
      jobPred[u] = i > 0 ? u - 1 : n + 1 + j
      if (i < job.operations.length - 1) jobSucc[u] = u + 1
      modeStart[u] = modeMachine.length
      for (const mode of operation.modes) {
        const k = mode.machine
        if (!Number.isInteger(k) || k < 0 || k >= m) throw new RangeError(`machine ${k} of operation ${u}`)
        checkMinutes(mode.duration, `duration of operation ${u}`)
        const known = durationOn[u * m + k]!
        if (known >= 0) {
          if (mode.duration >= known) continue
          const at = modeMachine.indexOf(k, modeStart[u])
          modeDuration[at] = mode.duration
        } else {
          modeMachine.push(k)
          modeDuration.push(mode.duration)
        }
        durationOn[u * m + k] = mode.duration
      }
      const count = modeMachine.length - modeStart[u]!
      if (count === 0) throw new RangeError(`operation ${u} has no mode`)
      if (count > 1) flexible = true
      if (setups) group[u] = operation.group ?? 0
      u++
    }
  }
  jobStart[jobs] = n
  modeStart[n] = modeMachine.length
  const stride = groups + 1
  const setup = new Int32Array(m * stride * stride)
  if (setups) {
    for (let k = 0; k < m; k++) {
      const base = k * stride * stride
      for (let a = 0; a < groups; a++) {
        for (let b = 0; b < groups; b++) setup[base + a * stride + b] = setups.between[k]![a * groups + b]!
      }
      for (let b = 0; b < groups; b++) setup[base + groups * stride + b] = setups.initial?.[k]?.[b] ?? 0
    }
  }
  return {
    n,
    m,
    jobs,
    jobOf,
    jobStart,
    jobPred,
    jobSucc,
    release,
    due,
    weight,
    modeStart,
    modeMachine: Int32Array.from(modeMachine),
    modeDuration: Int32Array.from(modeDuration),
    durationOn,
    flexible,
    hasSetups: setups !== undefined,
    setupStride: stride,
    group,
    setup,
  }
}
