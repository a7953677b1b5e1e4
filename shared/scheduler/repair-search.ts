import { HARD } from './figures.ts'
import { powerOf } from './search.ts'
import type { Search } from './search.ts'

/** Trials between two looks at the clock. */
const STEP = 64

/** A stretch of annealing: its trials, and the temperatures it goes from and to, in shares of the search's heat. */
interface Stretch {
  readonly trials: number
  readonly from: number
  readonly to: number
}

const OPENING: Stretch = { trials: 4096, from: 0.3, to: 0.001 }
/** While the forced task has to stay away, and once it may go where it likes. */
const AROUND_FORCED: Stretch = { trials: 288, from: 0.03, to: 0.003 }
const AFTERWARDS: Stretch = { trials: 128, from: 0.01, to: 0.003 }

/** So many rounds go on from one another before the best plan is gone back to. */
const WALK = 30

/**
 * Improves a plan that was mended. Nearly every move away from such a plan costs more than a search could accept and
 * still stay near it, so one task after the other is forced elsewhere and the rest settles around it: iterated local
 * search with a forced move (Lourenço, Martin and Stützle 2003). What has to change at once is often more than one
 * task: rounds that find nothing better go on from where they ended, a walk away from the best plan and back to it.
 *
 * @param trialsLeft asked between steps; 0 or less ends it
 */
export function improve(search: Search, trialsLeft: () => number): void {
  const heat = search.heat()
  const anneal = ({ trials, from, to }: Stretch): void => {
    for (let done = 0; done < trials; done += STEP) {
      const left = trialsLeft()
      if (left <= 0) return
      search.runAt(Math.min(STEP, left), heat * from * powerOf(to / from, done / trials))
    }
  }
  anneal(OPENING)
  for (let round = 0; trialsLeft() > 0; round++) {
    if (round % WALK === 0) search.adopt(search.best)
    const { bestScore } = search
    search.forceOne()
    anneal(AROUND_FORCED)
    search.letGo()
    anneal(AFTERWARDS)
    const isBetter = search.bestScore !== bestScore
    if (isBetter || search.current.sums[HARD]! > bestScore[0]) round = -1
  }
}
