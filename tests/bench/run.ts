/** `npm run bench -- <name> [...]`: runs one bench. A bench is a module with `run(args)`; its result is the exit code. */
interface Bench {
  run(args: string[]): Promise<number>
}

const benches: Record<string, { about: string; load: () => Promise<Bench> }> = {
  startup: { about: 'time to the first usable screen, memory', load: () => import('./startup/bench.ts') },
  'demo-plan': {
    about: 'the first complete, checked plan of the demo belt',
    load: () => import('./demo-plan/bench.ts'),
  },
  promise: {
    about: 'the answer to a customer at 500 tasks, cold and warm',
    load: () => import('./promise/bench.ts'),
  },
  board: { about: 'frames per second on the board with 1,000 bars', load: () => import('./board/index.ts') },
  sync: { about: 'bytes on the wire, acknowledged ops a second', load: () => import('./sync/bench.ts') },
  scheduler: {
    about: 'plan quality on public and own instances',
    load: () => import('./scheduler/bench.ts'),
  },
}

const [name, ...args] = process.argv.slice(2)
const entry = name === undefined ? undefined : benches[name]
if (!entry) {
  console.error(`usage: npm run bench -- <name> [...]\n`)
  for (const [key, { about }] of Object.entries(benches)) console.error(`  ${key.padEnd(12)} ${about}`)
  process.exitCode = 2
} else {
  process.exitCode = await (await entry.load()).run(args)
}

export {}
