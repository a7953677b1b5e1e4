import type { Ref } from 'vue'
import type { RouteRecordRaw } from 'vue-router'
import type { Role } from '../../shared/contract/define.ts'
import type { IconName } from '../ui/icons.ts'

/** An entry of the command bar. */
export interface CommandEntry {
  readonly id: string
  readonly title: string
  /** Said after the title, smaller: a merchant's base, a session's time. */
  readonly note?: string
  readonly icon?: IconName
  /** Keys to show, e.g. `G B`. */
  readonly keys?: string
  readonly run: () => void | Promise<unknown>
}

export interface Badge {
  readonly count: number
  /** Said by screen readers and the tooltip: "2 件要你处理". */
  readonly label: string
}

/** What a feature adds to the shell. Each feature's `feature.ts` exports one as its default. */
export interface Feature {
  readonly id: string
  readonly routes: readonly RouteRecordRaw[]
  /** Its place in the rail; a feature without one is reached from another screen. */
  readonly rail?: {
    readonly icon: IconName
    /** Message key of the label under the icon. */
    readonly labelKey: string
    /** Path opened by a click and by `g` then `letter`. */
    readonly path: string
    readonly letter: string
    /** Roles that see it; everyone when absent. */
    readonly roles?: readonly Role[]
    /** Figure on the icon: how many things need this person. Called inside a component's set-up. */
    readonly useBadge?: () => Ref<Badge | null>
  }
  /** Commands that are always offered; called each time the command bar opens. */
  readonly commands?: (t: (key: string) => string) => readonly CommandEntry[]
  /** Things found by name in the belt: merchants, sessions. */
  readonly search?: (text: string) => Promise<readonly CommandEntry[]>
}

/** A declaration, not a constant: the features found below call it while this module is still being evaluated. */
export function defineFeature(feature: Feature): Feature {
  return feature
}
