import type { Random } from '../random.ts'
import type { CompiledShop } from './instance.ts'
import { BEFORE, DURATION, ROW, SIZE } from './job-shop-records.ts'
import { createSolution, type ShopSolution } from './solution.ts'
import { TardinessRecords } from './tardiness-records.ts'

/** Simulated annealing on swaps of neighbours on critical paths of late jobs. */
export class TardinessAnnealer extends TardinessRecords {
  readonly best: ShopSolution
  private readonly random: Random
  private readonly arcs: Int32Array
  private arcCount = 0
  private pathFresh = false
  private temperature = 0
  private cooling = 1
  private stepsLeft = 0

  constructor(shop: CompiledShop, random: Random) {
    super(shop)
    this.random = random
    this.best = createSolution(shop)
    this.arcs = new Int32Array(shop.n)
  }

  start(order: Int32Array, machine: Int32Array, heat: number, floor: number, steps: number): void {
    this.load(order, machine)
    this.saveTo(this.best, this.cost)
    this.temperature = heat
    this.cooling = (floor / heat) ** (1 / Math.max(1, steps / 64))
    this.stepsLeft = steps
    this.pathFresh = false
  }

  /** Returns the steps used; fewer than `budget` means that this annealing is over. */
  run(budget: number, target: number): number {
    const { random, best, arcs, memory } = this
    for (let done = 0; done < budget; done++) {
      if (this.stepsLeft <= 0 || best.value <= target) return done
      this.stepsLeft--
      if ((this.stepsLeft & 63) === 0) this.temperature *= this.cooling
      if (!this.pathFresh || (this.stepsLeft & 7) === 0) this.collect()
      if (this.arcCount === 0) continue
      const v = arcs[random.int(this.arcCount)]!
      const u = memory[v + BEFORE]!
      const value = this.trySwap(u, v)
      const delta = value - this.cost
      if (delta > 0 && random.float() >= Math.exp(-delta / this.temperature)) {
        this.undoTrial(u)
        continue
      }
      this.move(u, v)
      this.pathFresh = false
      if (this.cost < best.value) this.saveTo(best, this.cost)
    }
    return budget
  }

  /** Machine arcs, by their later end, of one random critical path of a random late job. */
  private collect(): void {
    const { memory, lasts, arcs, random, late, none } = this
    let count = 0
    let u = this.lateCount > 0 ? lasts[late[random.int(this.lateCount)]!]! : none
    while (u !== none) {
      const r = memory[u]! - memory[u + DURATION]!
      const a = u - SIZE
      const b = memory[u + BEFORE]!
      const viaMachine = b !== none && memory[b] === r
      const viaJob = memory[a] === r && memory[a + ROW]! >= 0
      if (viaMachine && !(viaJob && random.uint32() & 0x10000)) {
        if (b !== a) arcs[count++] = u
        u = b
      } else if (viaJob) u = a
      else break
    }
    this.arcCount = count
    this.pathFresh = true
  }
}
