// The one catalogue of texts. Another language is another module of the same type.
import { call } from './en/call';
import { channels } from './en/channels';
import { chat } from './en/chat';
import { common } from './en/common';
import { home } from './en/home';
import { own } from './en/own';
import { studio } from './en/studio';

export const text = { call, channels, chat, common, home, own, studio } as const;
export type Catalogue = typeof text;
