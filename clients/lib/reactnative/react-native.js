// Stands in for react-native: as much of it as Amplify asks of a device.
const { device } = globalThis;

export const Platform = { OS: device.os, Version: device.version };
export const Dimensions = { get: () => ({ width: 390, height: 844 }) };
export const AppState = { currentState: 'active', addEventListener: () => ({ remove() {} }) };
