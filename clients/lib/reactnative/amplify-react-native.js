// Stands in for @aws-amplify/react-native, the native modules of Amplify: storage, randomness and push notifications of a
// device that the test holds in its hand.
import { AppState } from './react-native.js';

const { device } = globalThis;

export const getOperatingSystem = () => device.os;
export const getDeviceName = async () => 'a device';
export const getIsNativeError = () => false;
export const loadAppState = () => AppState;
export const loadBase64 = () => ({ encode: btoa, decode: atob });
export const loadBuffer = () => Buffer;
export const loadGetRandomValues = () => {};
export const loadUrlPolyfill = () => {};
export const loadAsyncStorage = () => storage;

const storage = {
  items: new Map(),
  async getItem(key) { return this.items.get(key) ?? null; },
  async setItem(key, value) { this.items.set(key, value); },
  async removeItem(key) { this.items.delete(key); },
  async getAllKeys() { return [...this.items.keys()]; },
  async multiRemove(keys) { for (const key of keys) this.items.delete(key); },
};

const listen = (event, listener) => {
  device.listeners.push({ event, listener });
  return { remove() { device.listeners = device.listeners.filter((l) => l.listener !== listener); } };
};

export const loadAmplifyPushNotification = () => ({
  addMessageEventListener: listen,
  addTokenEventListener: listen,
  completeNotification() {},
  registerHeadlessTask(task) { device.listeners.push({ event: 'headless', listener: task }); },
  getConstants: () => ({
    NativeEvent: {
      BACKGROUND_MESSAGE_RECEIVED: 'background', FOREGROUND_MESSAGE_RECEIVED: 'foreground', LAUNCH_NOTIFICATION_OPENED: 'launch',
      NOTIFICATION_OPENED: 'opened', TOKEN_RECEIVED: 'token',
    },
    NativeHeadlessTaskKey: device.os === 'android' ? 'headless' : undefined,
  }),
});
