/** Time on the wall, or each thread's own CPU time on a shared machine. */
export type Clock = 'wall' | 'cpu'

/** @returns monotonic milliseconds; the CPU time is that of the thread that reads it */
export function readClock(clock: Clock): () => number {
  return clock === 'cpu' ? cpuMs : () => performance.now()
}

function cpuMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}
