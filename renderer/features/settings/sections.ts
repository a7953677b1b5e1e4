import { defineAsyncComponent, type Component } from 'vue'
import type { IconName } from '../../ui/icons.ts'

interface Section {
  readonly id: string
  readonly icon: IconName
  readonly labelKey: string
  readonly component: Component
}

export const settingsSections: readonly Section[] = [
  {
    id: 'people',
    icon: 'people',
    labelKey: 'settings.section.people',
    component: defineAsyncComponent(() => import('../people/PeopleSettings.vue')),
  },
  {
    id: 'belt',
    icon: 'belt',
    labelKey: 'settings.section.belt',
    component: defineAsyncComponent(() => import('./BeltSection.vue')),
  },
  {
    id: 'policy',
    icon: 'studio',
    labelKey: 'settings.section.policy',
    component: defineAsyncComponent(() => import('./PolicySection.vue')),
  },
  {
    id: 'planning',
    icon: 'board',
    labelKey: 'replan.policy.section',
    component: defineAsyncComponent(() => import('../plan/PlanningSection.vue')),
  },
  {
    id: 'backup',
    icon: 'archive',
    labelKey: 'settings.section.backup',
    component: defineAsyncComponent(() => import('./BackupSection.vue')),
  },
  {
    id: 'audit',
    icon: 'quality',
    labelKey: 'settings.section.audit',
    component: defineAsyncComponent(() => import('../audit/AuditSection.vue')),
  },
  {
    id: 'hub',
    icon: 'network',
    labelKey: 'settings.section.hub',
    component: defineAsyncComponent(() => import('../hub-admin/HubAdminSection.vue')),
  },
  {
    id: 'machine',
    icon: 'local',
    labelKey: 'settings.section.machine',
    component: defineAsyncComponent(() => import('./MachineSection.vue')),
  },
  {
    id: 'look',
    icon: 'sun',
    labelKey: 'settings.section.look',
    component: defineAsyncComponent(() => import('./LookSection.vue')),
  },
  {
    id: 'about',
    icon: 'info',
    labelKey: 'settings.section.about',
    component: defineAsyncComponent(() => import('./AboutSection.vue')),
  },
]
