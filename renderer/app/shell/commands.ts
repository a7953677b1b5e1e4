import { computed } from 'vue'
import { useI18n } from 'vue-i18n'
import { useRouter } from 'vue-router'
import { setLocale } from '../i18n.ts'
import { features, railFeatures } from '../features.ts'
import type { CommandEntry } from '../registry.ts'
import { useSession } from '../stores/session.ts'
import { setTheme, useTheme } from '../theme.ts'

/** Everything that can be done from any screen: going to a screen, the shell's own switches, the features' commands. */
export function useShellCommands() {
  const { t, locale } = useI18n()
  const { theme } = useTheme()
  const router = useRouter()
  const session = useSession()
  return computed<readonly CommandEntry[]>(() => [
    ...railFeatures(session.role).flatMap(({ id, rail }) =>
      rail
        ? [
            {
              id: `go:${id}`,
              title: t('app.command.goTo', { screen: t(rail.labelKey) }),
              icon: rail.icon,
              keys: `G ${rail.letter.toUpperCase()}`,
              run: () => router.push(rail.path),
            },
          ]
        : [],
    ),
    ...features.flatMap((feature) => feature.commands?.(t) ?? []),
    ...session.bases.map((base) => ({
      id: `scope:${base.id}`,
      title: t('app.command.lookAt', { base: base.name }),
      icon: 'house' as const,
      run: () => session.chooseBase(base.id),
    })),
    theme.value === 'dark'
      ? { id: 'theme:light', title: t('app.theme.toLight'), icon: 'sun', run: () => setTheme('light') }
      : { id: 'theme:dark', title: t('app.theme.toDark'), icon: 'moon', run: () => setTheme('dark') },
    { id: 'theme:system', title: t('app.theme.toSystem'), icon: 'local', run: () => setTheme('system') },
    locale.value === 'en'
      ? { id: 'locale:zh-CN', title: '切换到中文', icon: 'languages', run: () => setLocale('zh-CN') }
      : { id: 'locale:en', title: 'Switch to English', icon: 'languages', run: () => setLocale('en') },
    { id: 'lock', title: t('app.person.lock'), icon: 'lock', run: () => session.signOut() },
  ])
}
