import type { Role } from '../../shared/contract/define.ts'
import type { Feature } from './registry.ts'

/** Top to bottom; settings sit at the foot. */
const railOrder = [
  'today',
  'board',
  'studio',
  'live',
  'quality',
  'danmaku',
  'fulfil',
  'belt',
  'import',
  'sync',
  'settings',
]
const place = (feature: Feature) => {
  const index = railOrder.indexOf(feature.id)
  return index < 0 ? railOrder.length - 1.5 : index
}

const found = import.meta.glob<Feature>('../features/*/feature.ts', { eager: true, import: 'default' })

/** Every feature of this build, in the order of the rail. */
export const features: readonly Feature[] = Object.values(found).sort((a, b) => place(a) - place(b))

export const railFeatures = (role: Role | null): readonly Feature[] =>
  features.filter(({ rail }) => rail && (!rail.roles || (role !== null && rail.roles.includes(role))))
