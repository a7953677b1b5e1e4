// A file of its own in the build, which runs while the screens' code is still on the way: the link to the core is made
// and what the first screen shows is asked for meanwhile.
import { rememberedBase } from './app/scope.ts'
import { askEarly } from './transport/ask.ts'
import { connect } from './transport/connect.ts'

connect()
askEarly('app/state', {})
if (/^(#\/?)?(today)?$/.test(location.hash)) askEarly('today/view', { baseId: rememberedBase() })
