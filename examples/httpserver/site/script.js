"use strict";

// What the page shows comes from two places: a list that is fetched once, and a
// stream of events that stays open.

const stationsOutput = document.getElementById("stations");
const eventsOutput = document.getElementById("events");

async function showStations() {
  const response = await fetch("api/stations");
  if (!response.ok) {
    stationsOutput.value = "failed: " + response.status;
    return;
  }
  const list = await response.json();
  let warmest = list[0];
  for (const station of list) {
    if (station.celsius > warmest.celsius) {
      warmest = station;
    }
  }
  stationsOutput.value = list.length + ", the warmest " + warmest.name + " at " + warmest.celsius + " degrees";
}

function showEvents() {
  const source = new EventSource("events");
  source.onmessage = function (message) {
    eventsOutput.value = JSON.parse(message.data).event + " so far";
  };
  source.onerror = function () {
    eventsOutput.value = "lost";
  };
}

// Both begin at once; neither waits for the other.
showStations();
showEvents();
