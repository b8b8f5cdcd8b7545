/** What an engine is compared on: questions for greedy answers, and running text for nats per token, in both languages. */
export const questions: readonly string[] = [
  "What is the capital of France?",
  "Explain in two sentences why the sky is blue.",
  "Write a short story about a dog who finds a letter.",
  "List five things to pack for a walk in the mountains.",
  "How do vaccines work?",
  "请介绍一下你自己。",
  "万有引力是谁提出的？",
  "世界上最高的山峰是什么？",
  "写一首关于秋天的短诗。",
  "如何保持健康的生活方式？",
];

export const passages: readonly string[] = [
  "The history of the city begins with a small harbour at the mouth of the river, where traders from the north met those " +
    "from the south. Over the centuries it grew into a market town, then into a port whose ships sailed to every part " +
    "of the known world. Its walls were torn down after the war, and broad streets lined with trees took their place.",
  "Water is made of hydrogen and oxygen. When it is heated it turns into steam, and when it is cooled it turns into ice. " +
    "Most of the water on Earth is in the oceans, and only a small part of it can be used for drinking.",
  "人工智能是计算机科学的一个分支，它试图了解智能的实质，并生产出一种新的能以人类智能相似的方式做出反应的智能机器。" +
    "该领域的研究包括机器人、语言识别、图像识别、自然语言处理和专家系统等。",
  "春天来了，万物复苏，花园里的花都开了。孩子们在草地上奔跑，老人们坐在长椅上聊天，享受着温暖的阳光。" +
    "远处的山峰还覆盖着白雪，但是山脚下的小河已经开始流动。",
];
